"""Whether the parts of a stored answer fit each other: what pages look up is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcsel.base.records import Evidence, Race, Result


def checked(result: Result, run_id: str) -> Result:
    """Return `result`. Raises ValueError where it is another run's, or a label, a model or a rank
    that it names is not in it.
    """
    data, models = result.dataset, {model.id for model in result.models}
    ranked = [model for ranking in result.rankings for model in ranking.models]
    named = {*_scored(result), *ranked, *_of_the_verdict(result), *_measured(result)}
    named |= {*_of_before(result), *(result.prior.order if result.prior else ())}
    _require(result.run.id == run_id, "the run's id")
    _require(len(data.labels) == len(data.paths), "as many labels as pictures")
    _require(all(0 <= k < len(data.classes) for k in set(data.labels.tolist())), "known classes")
    _require(all(len(r.ranks) == len(r.models) for r in result.rankings), "a rank for each model")
    _require(len(models) == len(result.models), "each model once")
    _require(named <= models, "no other models")
    return result


def require_of(evidence: Evidence, run_id: str, models: set[str] | None) -> None:
    """Raise ValueError where evidence is another run's, or of a model that is not in the run.

    models: those of the run; None = not known.
    """
    named = {*(accuracy.model for accuracy in evidence.accuracies), *evidence.close}
    _require(evidence.run == run_id, "the run's id")
    _require(models is None or named <= models, "no other models")


def _scored(result: Result) -> Iterable[str]:
    left = result.race.dropped if result.race else ()
    yield from (score.model for score in (*result.scores, *result.literal))
    yield from (score.model for one in left for score in one.scores)
    yield from _of_the_race(result.race)


def _of_the_race(race: Race | None) -> Iterator[str]:
    for left in race.dropped if race else ():
        yield left.model
        yield left.leader


def _of_the_verdict(result: Result) -> Iterator[str]:
    verdict = result.verdict
    yield from () if verdict.winner is None else (verdict.winner,)
    yield from verdict.close
    yield from verdict.firsts


def _of_before(result: Result) -> Iterator[str]:
    before = result.before
    if before is not None:
        yield from () if before.winner is None else (before.winner,)
        yield from before.firsts
        yield from (score.model for score in (*before.scores, *before.literal))


def _measured(result: Result) -> Iterator[str]:
    yield from (diagnosis.model for diagnosis in result.diagnoses)
    yield from (accuracy.model for accuracy in result.accuracies)
    yield from (*result.seconds_per_picture, *result.seconds_spread)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"Expected {what}.")
