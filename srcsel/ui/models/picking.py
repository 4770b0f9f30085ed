"""The pieces of the Models page: presets, the searchable table, adding by name, the price, starting
a run.

The choice is one text, as in the address and in the shell: a preset or hub name, or ids separated
by commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.paths import clean
from srcsel.base.records import Listing, Run, SourceModel
from srcsel.models import catalog
from srcsel.runs.question import new_run
from srcsel.ui.app import navigation, state
from srcsel.ui.models import fast, precision
from srcsel.ui.parts import cards, price, words
from srcsel.ui.parts.asking import submit_run
from srcsel.ui.parts.show import plain

OWN, DEMO = "own", "demo"
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
SIZES = {
    "Any size": None,
    "Up to 10 M": 10e6,
    "Up to 30 M": 30e6,
    "Up to 100 M": 100e6,
    "Up to 350 M": 350e6,
}
FEW = 5  # files that cannot be read, named under the table
SHOWN = 300  # rows of the search table at most


def default_preset() -> str:
    """Return "balanced" where its weights are on this computer already, else what comes with
    srcsel.
    """
    ready = all(model.download_bytes == 0 for model in catalog.find_models("balanced"))
    return "balanced" if ready else catalog.BUNDLED


def known(spec: str) -> tuple[str, list[SrcselError]]:
    """Return what of `spec` can be found ("" = nothing), and an error for each part that cannot."""
    found, errors = [], []
    for part in spec.split(","):
        try:
            typed(part)
            found.append(part)
        except SrcselError as error:
            errors.append(error)
    return ",".join(found), errors


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
    )
    if spec in SAID:
        st.caption(SAID[spec])
    return spec


def _take_preset() -> None:
    pressed = st.session_state["models-preset"]
    if pressed and pressed != OWN:
        state.write(models=pressed)


def ticked(spec: str) -> list[SourceModel]:
    """Draw the chosen models, all ticked; returns those still ticked."""
    models = catalog.find_models(spec)
    reasons = catalog.PRESETS[spec].choices if spec in catalog.PRESETS else {}
    rows = table(models)
    rows["Why try it"] = [plain(reasons.get(model.id, model.note)) for model in models]
    event = st.dataframe(
        rows,
        hide_index=True,
        key=f"chosen-{spec}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": list(range(len(models)))}},
        alt="The chosen starting models",
        # of the demo models their notes say it
        column_order=[name for name in CHOSEN if spec != DEMO or name != "Learned from"],
        column_config=COLUMNS,
        placeholder="–",
    )
    return [models[row] for row in event["selection"]["rows"] if row < len(models)]


def search(spec: str) -> None:
    """Draw the searchable table of everything on offer, with one button that adds the ticked
    rows.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search", key="models-search", icon=":material/search:", placeholder="resnet, vit, dino"
        )
        size = st.select_slider("Size (parameters)", list(SIZES), key="models-size")
        commercial = st.pills("Licence", ["Commercial use allowed"], key="models-licence")
    found = catalog.search(text or "", max_params=SIZES[size], commercial=bool(commercial))
    found.sort(key=lambda model: (model.download_bytes != 0, -(model.accuracy or 0.0)))
    event = st.dataframe(
        table(found[:SHOWN]),
        hide_index=True,
        height=320,
        key=f"found-{text}-{size}-{commercial}",
        on_select="rerun",
        selection_mode="multi-row",
        alt="Starting models that match",
        column_config=COLUMNS,
        placeholder="–",
    )
    for file in catalog.unreadable("checkpoints")[:FEW]:
        st.caption(plain(f"{file.path} in the weights folder is not listed. {file.reason}"))
    picked = [found[row] for row in event["selection"]["rows"] if row < len(found)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Add {words.count(len(picked), 'model')}" if picked else "Add",
            icon=":material/add:",
            disabled=not picked,
            on_click=add,
            args=(spec, [model.id for model in picked]),
        )
        more = f", the first {SHOWN} shown" if len(found) > SHOWN else ""
        st.caption(
            f"{words.count(len(found), 'model')} found{more}; what is here already comes first,"
            " then by accuracy.",
            width="content",
        )


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
        add(spec, [model.id for model in typed(text)])
    except SrcselError as error:
        st.error(cards.sentence(error))
        return
    st.rerun()


def typed(text: str) -> list[SourceModel]:
    """Find what a person typed.

    Raises InputError for an unknown id, a missing file or one outside the roots.
    """
    return catalog.find_models(clean(text))


def add(spec: str, ids: list[str]) -> None:
    """Choose more models beside those of `spec`."""
    have = [model.id for model in catalog.find_models(spec)]
    state.write(models=",".join(dict.fromkeys([*have, *ids])))


def advanced() -> dict[str, Any]:
    """Draw the settings few need; returns what of a Run they set."""
    with st.expander("Advanced settings", icon=":material/tune:"):
        left, right = st.columns(2, gap="large")
        temperature = left.slider(
            "Temperature of the neighbour score (SCL)",
            0.05,
            1.0,
            0.5,
            0.05,
            key="temperature",
            help=(
                "Low looks at the nearest pictures only, high at the whole neighbourhood. Runs with"
                " different temperatures cannot be compared."
            ),
        )
        metric = right.segmented_control(
            "Distance of the separation score (MSC)",
            ["cosine", "euclidean"],
            default="cosine",
            required=True,
            format_func={
                "cosine": "Direction (cosine)",
                "euclidean": "Distance (Euclidean)",
            }.__getitem__,
            key="metric",
        )
    return {"temperature": temperature, "metric": metric}


def run_button(listing: Listing, models: Sequence[SourceModel], options: dict[str, Any]) -> None:
    """Draw the button that says the price; a press submits the run and opens its results."""
    share = fast.work_share(listing, models, race=bool(options.get("race")))
    cost = price.estimate(models, len(listing.paths), share=share)
    label = cost.label() if models else "Tick at least one model"
    if st.button(label, type="primary", icon=":material/play_arrow:", disabled=not models):
        start(listing, models, options)
    if models:
        note = (
            "An estimate for this computer's processor; what was done before is reused and takes no"
            " time."
        )
        if options.get("precision") == precision.FAST and not precision.exact_anyway(models):
            note = (
                "An estimate for exact numbers on this computer's processor; fast ones may take"
                " less."
            )
        if cost.unknown:
            note += f" How much work is not known for {words.count(cost.unknown, 'model')}."
        st.caption(note)
    here = [model.id for model in models if model.download_bytes == 0]
    if 0 < len(here) < len(models):
        st.button(
            f"Without internet: keep only the {len(here)} already here",
            icon=":material/wifi_off:",
            type="tertiary",
            on_click=state.write,
            kwargs={"models": ",".join(here)},
        )


def question(listing: Listing, models: Sequence[SourceModel], options: dict[str, Any]) -> Run:
    """Put the question that the run button asks."""
    return new_run(
        listing.ref, [model.id for model in models], title=plain(listing.name), **options
    )


def start(listing: Listing, models: Sequence[SourceModel], options: dict[str, Any]) -> None:
    """Submit the run and go to its results.

    The same question asked again joins the job already there.
    """
    try:
        run = question(listing, models, options)
    except SrcselError as error:
        st.error(cards.sentence(error), icon=":material/error:")
        return
    if (run_id := submit_run(run)) is not None:
        navigation.go("results", run=run_id, model=None)


CHOSEN = (
    "Starting model",
    "Download",
    "Why try it",
    "Parameters",
    "Learned from",
    "Accuracy there",
    "Licence",
)
COLUMNS = {
    "Starting model": st.column_config.TextColumn(width="medium"),
    "Why try it": st.column_config.TextColumn(width="medium"),
    "Parameters": st.column_config.NumberColumn(
        format="%.1f M", help="Millions of weights: how big the model is."
    ),
    "Work": st.column_config.NumberColumn(
        format="%.2f G", help="Billions of multiply-adds for one picture (GMACs)."
    ),
    "Input": st.column_config.NumberColumn(format="%d px"),
    "Learned from": st.column_config.TextColumn(width="medium"),
    "Accuracy there": st.column_config.NumberColumn(
        format="%.1f %%", help="On its own source task."
    ),
    "Download": st.column_config.TextColumn(help="'Here' means already on this computer."),
}


def table(models: Sequence[SourceModel]) -> pd.DataFrame:
    """Return the rows a person reads; None where something is not known."""
    return pd.DataFrame(
        {
            "Starting model": [plain(m.title) for m in models],
            "Parameters": [None if m.params is None else m.params / 1e6 for m in models],
            "Work": [m.gmacs for m in models],
            "Input": [m.input_size for m in models],
            "Learned from": [plain(m.pretraining) for m in models],
            "Licence": [m.license for m in models],
            "Accuracy there": [None if m.accuracy is None else 100 * m.accuracy for m in models],
            "Download": [_download(m.download_bytes) for m in models],
        }
    )


def _download(size: int | None) -> str:
    if size is None:
        return "not known"
    return words.megabytes(size) if size else "Here"
