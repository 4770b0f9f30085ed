"""Starting the measurement of real accuracy: the quick check and training, each with its price, and
how it goes.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from srcsel.base import phrases
from srcsel.base.records import JobStatus, Protocol, Result, SourceModel
from srcsel.evidence.estimate import training_seconds
from srcsel.measures import MEASURES
from srcsel.store.memory import Memory
from srcsel.store.serialize import to_plain
from srcsel.ui.app import state
from srcsel.ui.parts import mine, price, watch, words
from srcsel.ui.parts.asking import submit
from srcsel.ui.parts.show import plain

# pictures of each class that train
SHOTS: dict[str, int | None] = {"5": 5, "10": 10, "20": 20, "Most of them": None}
REPEATS = (1, 3, 5)
PASSES = (5, 15, 30)
USUAL = Protocol("finetune")
FOLD = 0.25  # seconds of one fold of the probe for 500 pictures and one model
# seconds that one measure takes for 500 pictures of one model on a laptop, re-checks included
SCORING = 0.2


def watch_it(job: JobStatus | None) -> None:
    """Draw how the measurement goes, with Stop and Continue; nothing where it is done."""
    if job is not None and job.state != "done":
        watch.watch_job(job)


def offer(result: Result, job: JobStatus | None) -> None:
    """Draw both ways to measure side by side; nothing while one is under way."""
    if job is not None and job.state in watch.ACTIVE:
        return
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch"):
        _quick(result)
    with right.container(border=True, height="stretch"):
        _real(result)


def candidates(result: Result) -> list[SourceModel]:
    """Return the models that can be measured: those that have a score."""
    scored = {s.model for s in result.scores}
    return [m for m in result.models if m.id in scored]


def probe_seconds(result: Result) -> float:
    """Estimate the quick check, in seconds."""
    pictures = len(result.dataset.paths)
    folds = Protocol("probe").folds * len(candidates(result))
    return price.START + scoring_seconds(result) + FOLD * folds * max(1.0, pictures / 500)


def not_scored(result: Result) -> list[str]:
    """Return the measures that were never tried on this run.

    Measuring accuracy scores by them first.
    """
    tried = {s.measure for s in result.scores} | {f.measure for f in result.failures}
    return [name for name in MEASURES if name not in tried]


def scoring_seconds(result: Result) -> float:
    """Estimate scoring by the measures that are missing, in seconds."""
    return (
        SCORING
        * len(not_scored(result))
        * len(candidates(result))
        * max(0.2, len(result.dataset.paths) / 500)
    )


def real_seconds(result: Result, models: Sequence[SourceModel], protocol: Protocol) -> float:
    """Estimate training for real, in seconds, with all that is done around it."""
    memory = Memory(state.settings().evidence)
    around = price.START + scoring_seconds(result)
    return around + training_seconds(result, models, protocol, memory)


def _quick(result: Result) -> None:
    st.markdown("**Quick check**")
    st.markdown(
        "A simple classifier learns from four fifths of the pictures, as each starting model sees"
        " them, and is tested on the last fifth. Five times, so that every picture is tested once."
    )
    st.caption(
        "No model is trained: it uses what is already computed. Field's term: linear probe, 5-fold."
    )
    label = f"Quick check ({phrases.about(probe_seconds(result))})"
    if st.button(label, type="primary", icon=":material/bolt:", key="evidence-probe"):
        _submit(result, Protocol("probe"), candidates(result))


def _real(result: Result) -> None:
    st.markdown("**Train them for real**")
    st.markdown(
        "Every starting model is trained on a few of the pictures and tested on the rest: what you"
        " would do yourself, in small. This is the strongest evidence, and it takes longer."
    )
    st.caption(
        "It starts as the quick check's classifier and is kept where a part of the pictures it"
        " learns from says that it is better than that. The same part chooses how fast it learns."
        " Field's term: fine-tuning from a linear probe; learning rate 0.0002 or 0.0006."
    )
    shots = _shots(result)
    few = st.segmented_control(
        "Pictures of each class to learn from",
        list(shots),
        default="10" if "10" in shots else next(iter(shots)),
        required=True,
        key="evidence-shots",
    )
    left, right = st.columns(2)
    with left:
        repeats = st.segmented_control(
            "Repeats",
            REPEATS,
            default=3,
            required=True,
            key="evidence-repeats",
            help=(
                "Each repeat draws other pictures to learn from. More repeats give narrower"
                " intervals."
            ),
        )
    with right:
        passes = st.segmented_control(
            "Passes over the pictures",
            PASSES,
            default=USUAL.epochs,
            required=True,
            key="evidence-passes",
            help="Epochs. Training stops early where more passes do not help.",
        )
    models = _models(result)
    protocol = Protocol(
        "finetune",
        shots=shots[few],
        seeds=tuple(range(repeats or 3)),
        epochs=passes or USUAL.epochs,
    )
    seconds = phrases.about(real_seconds(result, models, protocol))
    label = f"Train {words.count(len(models), 'model')}: {seconds}" if models else "Choose a model"
    if st.button(
        label, icon=":material/model_training:", key="evidence-train", disabled=not models
    ):
        _submit(result, protocol, models)


def _shots(result: Result) -> dict[str, int | None]:
    """Offer only what leaves pictures of the smallest class to test with."""
    fewest = int(result.dataset.counts.min())
    return {text: k for text, k in SHOTS.items() if k is None or k < fewest}


def _models(result: Result) -> list[SourceModel]:
    """Draw the choice of models; what has no weights cannot be trained.

    Yardsticks can: good scores tell them apart.
    """
    networks = {m.id: m for m in candidates(result) if m.params != 0}
    chosen = st.multiselect(
        "Starting models",
        list(networks),
        default=list(networks),
        key="evidence-models",
        format_func=lambda m: plain(networks[m].title),
    )
    return [networks[m] for m in chosen]


def _submit(result: Result, protocol: Protocol, models: Sequence[SourceModel]) -> None:
    if not mine.is_mine(result.run.person):
        st.error(mine.NOT_YOURS, icon=":material/lock:")
        return
    payload = {
        "run_id": result.run.id,
        "protocol": to_plain(protocol),
        "models": [m.id for m in models],
    }
    if submit("evidence", payload) is not None:
        st.rerun()
