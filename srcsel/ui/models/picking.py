"""The pieces of the Models page: presets, the searchable table, adding by name, the price, starting
a run.

The choice is one text, as in the address and in the shell: a preset or hub name, or ids separated
by commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from srcsel.base import sampling
from srcsel.base.errors import InputError, SrcselError
from srcsel.base.paths import clean
from srcsel.base.records import Listing, Run, SourceModel
from srcsel.models import catalog, queries
from srcsel.models.hubs import HUBS
from srcsel.models.prior import on_imagenet
from srcsel.runs.question import new_run
from srcsel.ui.app import navigation, state
from srcsel.ui.models import checkpoints, engine, fast, online, precision
from srcsel.ui.parts import cards, price, words
from srcsel.ui.parts.asking import submit_run
from srcsel.ui.parts.show import WRAPPED, plain

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
PIXELS = (None, 96, 128, 160, 192, 224, 240, 256, 288, 320, 384, 448, 512, 518)
"""Usual sizes that models read."""
FEW = 5  # files that cannot be read, named under the table
MOST_WRONG = 10  # parts of an address that are no models
MOST_QUERIES = 30
TOO_MUCH = "This address names too much that is no model, or asks too much. The rest is left out."
SHOWN = 300  # rows of the search table at most


def default_preset() -> str:
    """Return "balanced" where its weights are on this computer already, else what comes with
    srcsel.
    """
    ready = all(model.download_bytes == 0 for model in catalog.find_models("balanced"))
    return "balanced" if ready else catalog.BUNDLED


def known(spec: str) -> tuple[str, list[SrcselError]]:
    """Return what of `spec` can be found ("" = nothing), and an error for each part that cannot;
    after MOST_WRONG of them, and MOST_QUERIES, the rest is not looked at: each takes its time.
    """
    found, errors, asked = [], [], 0
    for part in dict.fromkeys(queries.joined(spec.split(","))):
        asked += queries.is_query(part)
        if len(errors) >= MOST_WRONG or asked > MOST_QUERIES:
            errors.append(InputError(TOO_MUCH))
            break
        try:
            if part != checkpoints.SET:  # also where it holds nothing: the page says why
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
        st.info("There is no model file of yours that can be used.", icon=":material/info:")
        return []
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
        column_order=[
            name for name in CHOSEN if spec != DEMO or name not in ("Learned from", "On ImageNet")
        ],
        column_config=COLUMNS,
        row_height=WRAPPED,
        placeholder="–",
    )
    return [models[row] for row in event["selection"]["rows"] if row < len(models)]


def search(spec: str) -> None:
    """Draw the searchable table of everything on offer, with buttons that add the ticked rows, or
    all that were found.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="models-search",
            icon=":material/search:",
            placeholder="resnet, siglip2, dino v3",
        )
        size = st.select_slider("Size (parameters)", list(SIZES), key="models-size")
        pixels = st.selectbox("Reads", PIXELS, format_func=_pixels, key="models-pixels", width=130)
        hub = st.selectbox("From", ["", *HUBS], format_func=_from, key="models-hub", width=190)
        commercial = st.pills("Licence", ["Commercial use allowed"], key="models-licence")
    asked: dict[str, Any] = {
        "hub": hub or None,
        "max_params": SIZES[size],
        "size": pixels,
        "commercial": bool(commercial),
    }
    found = catalog.search(text or "", **asked)
    found.sort(key=lambda model: (model.download_bytes != 0, -(model.accuracy or 0.0)))
    more = f", the first {SHOWN} shown" if len(found) > SHOWN else ""
    st.caption(  # above the table: what its own buttons come over is only this
        f"{words.count(len(found), 'model')} found{more}; what is here already comes first, then by"
        " accuracy."
    )
    event = st.dataframe(
        table(found[:SHOWN]),
        hide_index=True,
        height=320,
        key=f"found-{text}-{hub}-{size}-{pixels}-{commercial}",
        on_select="rerun",
        selection_mode="multi-row",
        alt="Starting models that match",
        column_config=COLUMNS | FOUND,
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
        every = [model for model in found if not model.yardstick]
        if len(every) > 1:
            st.button(
                f"Add all {len(every):,}",
                icon=":material/playlist_add:",
                on_click=add_query,
                args=(spec, queries.written(words=text or "", **asked)),
                help="The likeliest to win are tried first: " + queries.ORDER,
            )


def _pixels(size: int | None) -> str:
    return f"{size} pixels" if size else "Any size"


def _from(hub: str) -> str:
    return HUBS[hub].title if hub else "Everywhere"


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
        models = typed(text)
        if not checkpoints.keep(models) or spec != checkpoints.SET:
            add(spec, [model.id for model in models])
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
    if any(queries.is_query(part) for part in spec.split(",")):
        add_query(spec, ",".join(ids))
        return
    have = [model.id for model in checkpoints.chosen(spec)]
    state.write(models=",".join(dict.fromkeys([*have, *ids])))


def add_query(spec: str, query: str) -> None:
    """Choose all that a query means beside `spec`; it stays a query, however many those are."""
    state.write(models=",".join(filter(None, [spec, query])))


def advanced() -> dict[str, Any]:
    """Draw the settings few need; returns what of a Run they set."""
    with st.expander("Advanced settings", icon=":material/tune:"):
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


def run_button(listing: Listing, models: Sequence[SourceModel], options: dict[str, Any]) -> None:
    """Draw the button that says the price; a press submits the run and opens its results."""
    share = fast.work_share(listing, models, race=bool(options.get("race")))
    every, n = bool(options.get("all_pictures")), len(listing.paths)
    pictures = sampling.used(n, all_pictures=every)
    cost = price.estimate(models, pictures, share=share)
    if every and pictures > sampling.ALL_UP_TO:
        cost = replace(cost, seconds=cost.seconds + len(models) * sampling.comparing(n))
    label = cost.label() if models else "Tick at least one model"
    online.note(models)
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
        navigation.go("results", run=run_id, model=None, again=None)


CHOSEN = (
    "Starting model",
    "Why try it",
    "Download",
    "Parameters",
    "On ImageNet",
    "Learned from",
    "Licence",
)
COLUMNS = {  # widths of all of CHOSEN together fit a window of 1,280 pixels
    "Starting model": st.column_config.TextColumn(width=190),
    "Why try it": st.column_config.TextColumn(width=320),
    "Parameters": st.column_config.NumberColumn(
        format="%.1f M", width=100, help="Millions of weights: how big the model is."
    ),
    "Learned from": st.column_config.TextColumn(width=170),
    "On ImageNet": st.column_config.NumberColumn(
        format="%.1f %%",
        width=108,
        help="Published accuracy on ImageNet, at the model's own picture size.",
    ),
    "Download": st.column_config.TextColumn(
        width=92, help="'Here' means already on this computer."
    ),
    "Licence": st.column_config.TextColumn(width=100),
}
FOUND = {  # in the search, whose rows have one line
    "Starting model": st.column_config.TextColumn(width=300),
    "Work": st.column_config.NumberColumn(
        format="%.2f G", width=88, help="Billions of multiply-adds for one picture (GMACs)."
    ),
    "Input": st.column_config.NumberColumn(format="%d px", width=76),
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
            "On ImageNet": [_percent(on_imagenet(m)) for m in models],
            "Download": [_download(m.download_bytes) for m in models],
        }
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _download(size: int | None) -> str:
    if size is None:
        return "not known"
    return words.megabytes(size) if size else "Here"
