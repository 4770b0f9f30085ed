"""Features of a stored run, however they can be had: from the store, or from the pictures if those
are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srcsel.base.errors import InputError
from srcsel.base.records import Failure, Features, Result, SourceModel
from srcsel.base.watch import Unsaid, Watch
from srcsel.features.extract import extract, key_for
from srcsel.models.called import called
from srcsel.pictures.dataset import pictures_of, uncorrected
from srcsel.store.features import FeatureStore


def features_of(
    result: Result, models: Sequence[SourceModel], store: FeatureStore, watch: Watch
) -> Iterator[Features]:
    """Yield the features of some models of a stored run, one at a time: stored ones first, then
    those made again.

    Raises InputError where they are gone and the pictures or the weights have changed since, or a
    model cannot be run any more; StoreError, Cancelled.
    """
    run = result.run
    gone = []
    for model in models:
        stored = store.get(key_for(result.dataset, model, run.precision))
        if stored is None:
            gone.append(model)
        else:
            yield stored
    if not gone:
        return
    whole = uncorrected(run, Unsaid(watch)) if run.corrections else None
    dataset = pictures_of(run, watch)
    if dataset.digest != result.dataset.digest:
        raise InputError(
            f"The features of this run are gone and the pictures in {dataset.folder} have changed"
            " since. Run it again."
        )
    recorded = {model.id: model for model in gone}
    for outcome in extract(
        dataset,
        gone,
        store=store,
        device=run.device,
        precision=run.precision,
        watch=watch,
        whole=whole,
    ):
        if isinstance(outcome, Failure):
            title = recorded[outcome.model].title
            raise InputError(
                f"The features of {title} are gone and cannot be made again: {outcome.reason}"
            )
        model = recorded[outcome.key.model]
        if outcome.key.revision != model.revision:
            raise InputError(
                f"The features of this run are gone and the weights of {called(model)} have changed"
                " since. Run it again."
            )
        yield outcome
