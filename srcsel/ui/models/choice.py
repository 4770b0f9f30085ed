"""What is chosen on the Models page: one text, as in the address and in the shell.

A preset or hub name, ids separated by commas, or a query.
"""

from __future__ import annotations

from srcsel.base.errors import InputError, SrcselError
from srcsel.base.paths import clean
from srcsel.base.records import SourceModel
from srcsel.models import catalog, queries
from srcsel.ui.app import state
from srcsel.ui.models import checkpoints

MOST_WRONG = 10  # parts of an address that are no models
MOST_QUERIES = 30
TOO_MUCH = "This address names too much that is no model, or asks too much. The rest is left out."


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
