"""Where a run's models are computed: this computer, or a Ray."""

from __future__ import annotations

import importlib.util

import streamlit as st

from srcsel.base.settings import load_settings

HERE, RAY = "local", "ray"
TITLES = {HERE: "This computer", RAY: "A cluster (Ray)"}
MEANS = (
    "Ray shares the work out over the computers of a cluster, or over the cores of this one. The"
    " scores are the same. The pictures have to lie where its computers can read them."
)
MISSING = (
    'Ray is not installed beside this dashboard (pip install "srcsel[ray]"). A run would say so'
    " and stop."
)
READ_THERE = (
    "The computers of that cluster read the pictures too: they do not stay on this one alone."
)
LONGEST = 200  # letters of an address


def choose() -> str:
    """Draw the choice; returns an engine's name, such as "ray:10.0.0.5:6379"."""
    settings = load_settings()
    chosen = st.segmented_control(
        "Where the models run",
        list(TITLES),
        default=settings.engine,
        required=True,
        format_func=TITLES.__getitem__,
        key="engine",
        help=MEANS,
    )
    if chosen != RAY:
        return HERE
    if importlib.util.find_spec("ray") is None:
        st.caption(f":material/info: {MISSING}")
    if settings.ray and settings.roots is not None:
        st.caption(f":material/info: {READ_THERE}")
    if settings.roots is not None:  # a shared dashboard reaches no address that visitors name
        return RAY
    address = st.text_input(
        "Address of the Ray",
        value=settings.ray,
        placeholder="HOST:6379; empty: one is started on this computer",
        max_chars=LONGEST,
        key="engine-address",
    ).strip()
    if address:
        st.caption(f":material/info: {READ_THERE}")
    return f"{RAY}:{address}" if address and address != settings.ray else RAY
