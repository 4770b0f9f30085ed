"""The pieces of the Models page that choose: presets, the chosen models, adding one by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import Run, SourceModel
from srcsel.models import catalog
from srcsel.ui.app import state
from srcsel.ui.models import checkpoints, choice, engine
from srcsel.ui.models.table import CHOSEN, COLUMNS, FEW, MANY, ROW, in_lines, row_height, table
from srcsel.ui.parts import cards
from srcsel.ui.parts.show import md, plain

OWN, DEMO = "own", "demo"
TOLD = 50  # models of which is said what each is good for
YARDSTICK = "A yardstick has learned nothing useful: a real model should beat it."
SAID = {
    catalog.BUNDLED: (
        "All that work without internet: three real ImageNet networks, then small demo models. The"
        " other sets are downloaded once."
    ),
    DEMO: (
        "Small models that ship with srcsel and work without internet. Good for trying things out;"
        " for real work take one of the other sets."
    ),
}
"""What is said under a set."""


def demo_models() -> list[SourceModel]:
    """Return the models that ship with srcsel; none in a checkout where they were not trained
    yet.
    """
    return catalog.search(hub=DEMO)


def presets(spec: str) -> str:
    """Draw the presets, the one `spec` names pressed; returns the choice after a press."""
    titles = {catalog.BUNDLED: "Ready here"}
    titles |= {DEMO: "Demo models"} if demo_models() else {}
    titles |= {name: preset.title for name, preset in catalog.PRESETS.items()}
    titles[checkpoints.SET] = "My checkpoints"
    if spec not in titles:
        titles[OWN] = "My own choice"
    st.session_state["models-preset"] = spec if spec in titles else OWN
    st.segmented_control(
        "Which set?",
        list(titles),
        format_func=titles.__getitem__,
        key="models-preset",
        required=True,
        on_change=_take_preset,
        label_visibility="collapsed",  # the page asks it right above
    )
    if spec in SAID:
        st.caption(SAID[spec])
    checkpoints.about(spec)
    return spec


def _take_preset() -> None:
    pressed = st.session_state["models-preset"]
    if pressed and pressed != OWN:
        state.write(models=pressed)


def ticked(spec: str) -> list[SourceModel]:
    """Draw the chosen models, all ticked; returns those still ticked."""
    models = checkpoints.chosen(spec)
    if not models:
        st.info(
            "No model file of yours can be used yet. Add one below, by its path.",
            icon=":material/info:",
        )
        return []
    reasons = catalog.PRESETS[spec].choices if spec in catalog.PRESETS else {}
    why = [_sentence(reasons.get(model.id, model.note)) for model in models]
    rows, few = table(models), len(models) <= FEW
    if few:
        rows["Why try it"] = why
        shown, columns, height = CHOSEN, COLUMNS, row_height(rows)
    else:
        shown, height = MANY, ROW
        rows, columns = in_lines(rows, MANY)
    event = st.dataframe(
        rows,
        hide_index=True,
        key=f"chosen-{spec}-{len(models)}-{models[-1].id}",  # what was just added is ticked
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": list(range(len(models)))}},
        alt="The chosen starting models",
        column_order=shown,
        column_config=columns,
        row_height=height,
        placeholder="–",
    )
    if not few:
        _more_about(models, why)
    return [models[row] for row in event["selection"]["rows"] if row < len(models)]


def _more_about(models: Sequence[SourceModel], why: Sequence[str]) -> None:
    """Say what has no room in rows of one line: what a yardstick is, and what each model is for."""
    if any(model.yardstick for model in models):
        st.caption(YARDSTICK)
    told = [(model, text) for model, text in zip(models, why, strict=True) if text]
    if not told:
        return
    with st.expander("What each is good for", icon=":material/info:", key="open-why"):
        st.table(
            {
                "Starting model": [md(model.title) for model, _ in told[:TOLD]],
                "Why try it": [md(text) for _, text in told[:TOLD]],
            },
            hide_index=True,
        )
        if len(told) > TOLD:
            st.caption(f"The first {TOLD} of {len(told):,}.")


def _sentence(text: str) -> str:
    return plain(text[:1].upper() + text[1:])


def by_name(spec: str) -> None:
    """Draw the box for a typed id or a checkpoint file."""
    with st.form("by-name", border=False):
        text = st.text_input(
            "A model id, or the path of a .safetensors or .pth file",
            key="model-id",
            placeholder="timm/resnet50.a1_in1k   or   /home/me/leaves-resnet.pth=resnet50",
            help="For a file that does not say what it is, add = and its timm architecture name.",
        )
        if not st.form_submit_button("Add", icon=":material/add:") or not text.strip():
            return
    try:
        models = choice.typed(text)
        if not checkpoints.keep(models) or spec != checkpoints.SET:
            choice.add(spec, [model.id for model in models])
    except SrcselError as error:
        st.error(cards.sentence(error))
        return
    st.rerun()


def advanced() -> dict[str, Any]:
    """Draw the settings few need; returns what of a Run they set."""
    with st.expander("Advanced settings", icon=":material/tune:", key="open-advanced"):
        left, right = st.columns(2, gap="large")
        st.session_state.setdefault("temperature", Run.temperature)
        st.session_state.setdefault("metric", Run.metric)
        temperature = left.slider(
            "Temperature of the neighbour score (SCL)",
            0.05,
            1.0,
            step=0.05,
            key="temperature",
            help=(
                "Low looks at the nearest pictures only, high at the whole neighbourhood. Runs with"
                " different temperatures cannot be compared."
            ),
        )
        metric = right.segmented_control(
            "Distance of the separation score (MSC)",
            ["cosine", "euclidean"],
            required=True,
            format_func={
                "cosine": "Direction (cosine)",
                "euclidean": "Distance (Euclidean)",
            }.__getitem__,
            key="metric",
        )
        chosen = engine.choose()
    return {"temperature": temperature, "metric": metric, "engine": chosen}
