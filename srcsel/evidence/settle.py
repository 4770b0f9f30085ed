"""Settling what the scores leave open: the close models of a run are trained for real, in a race.

Round by round, each model that is still in is trained on one more split, the same for all, as
`finetune` trains for evidence; what was trained before is not trained again. After each round from
the third on, who is behind beyond doubt (`order`) leaves. It is over where the order is clear,
where it makes no difference, after ROUNDS, or when the time allowed is spent. What is known is kept
after every training; stopped, it goes on with what is left of its time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from srcsel.base.allowed import check
from srcsel.base.asked import checked
from srcsel.base.errors import Cancelled, InputError
from srcsel.base.records import (
    Accuracy,
    Failure,
    Gap,
    Outcome,
    Result,
    Settled,
    SettleEnd,
)
from srcsel.base.settings import Settings, load_settings
from srcsel.base.watch import PartState, Watch
from srcsel.evidence.estimate import settling_seconds, too_short
from srcsel.evidence.finetune import finetune
from srcsel.evidence.gather import ranked, same_pictures
from srcsel.evidence.order import alike, gaps, is_behind
from srcsel.models import catalog
from srcsel.pictures.copies import copy_groups
from srcsel.runs.settled import FINAL, MINUTES, PROTOCOL, ROUNDS, listed_so, remember, with_settled
from srcsel.scoring.reached import Reached, accuracies, reached_by
from srcsel.store.cache import tidied
from srcsel.store.features import open_features, open_runs
from srcsel.store.memory import Memory
from srcsel.verdict.decide import cheapest
from srcsel.verdict.measured import answered, contest, why_not


@checked()
@tidied
def settle(
    run: str | Path | Result,
    models: str | Sequence[str] = catalog.BUNDLED,
    *,
    minutes: float | None = MINUTES,
    device: str | None = None,
    watch: Watch | None = None,
) -> Result:
    """Train the models that a run cannot tell apart, until their order is clear or the time is
    spent; `Result.verdict` then says what was measured, `Result.settled` holds the numbers.

    run: the id of a stored run, its Result, or a folder as for `rank`, which is ranked first by
    `models`. minutes: allowed; None = as long as it takes. Raises InputError where there is nothing
    to settle, else as `gather_evidence`.
    """
    run_id = ranked(run, models, None, device=device, watch=watch)
    return settle_run(run_id, minutes, watch=watch)


def settle_run(
    run_id: str,
    minutes: float | None = MINUTES,
    *,
    settings: Settings | None = None,
    watch: Watch | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Result:
    """Settle a stored run; see `settle`.

    Raises UnknownNameError for a run that is not there, InputError where there is nothing to settle
    or its pictures have changed, Cancelled (finished trainings and the checkpoint of the one under
    way are kept), StoreError.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    check(minutes=minutes)
    runs = open_runs(settings)
    result = with_settled(runs.load(run_id), settings)
    if reason := why_not(result):
        raise InputError(reason)
    if result.settled is None or result.settled.ended not in FINAL:
        least, _ = settling_seconds(result, Memory(settings.evidence))
        if minutes is not None and (said := too_short(result, minutes, least)):
            watch.say(said)
        race = _Race(result, settings, watch, minutes, clock)
        race.run()
    return answered(listed_so(result, runs, settings))


def spent(result: Result) -> float:
    """Return the seconds of the time allowed that are spent by trainings which were stopped."""
    before = result.settled
    return before.seconds if before and not before.ended else 0.0


def seconds_allowed(result: Result, minutes: float | None) -> float | None:
    """Return how many seconds are left of the time allowed; None = as long as it takes."""
    return None if minutes is None else max(0.0, 60 * minutes - spent(result))


class _TimeSpentError(Cancelled):
    """The time allowed is spent; what is under way keeps its checkpoint."""


class _Race(Watch):
    """The models that are still in, and what is known of all. Listens to their trainings."""

    def __init__(
        self,
        result: Result,
        settings: Settings,
        watch: Watch,
        minutes: float | None,
        clock: Callable[[], float],
    ) -> None:
        self.result, self.settings, self.watch, self.clock = result, settings, watch, clock
        known = {m.id: m for m in result.models}
        self.models = [known[m] for m in contest(result)]
        self.still = list(self.models)
        self.dataset = same_pictures(result, watch)
        self.groups = copy_groups(self.dataset, open_features(settings), watch)
        self.rounds = 0  # that all who are still in have behind them
        self.outcomes: dict[str, list[Outcome]] = {m.id: [] for m in self.models}
        self.failures: list[Failure] = []
        self.left: list[tuple[Accuracy, Gap]] = []
        self.before = result.settled
        self._began = clock() - spent(result)
        self._allowed = None if minutes is None else 60 * minutes

    @property
    def seconds(self) -> float:
        """How much of the time allowed is spent."""
        return self.clock() - self._began

    def run(self) -> Settled:
        """Train until it is over; what is known is kept, also where it is stopped."""
        for model in self.models:
            self._say(model.id, "waiting")
        ended: SettleEnd = ""
        try:
            while not ended:
                self._round()
                ended = self._look()
        except _TimeSpentError:
            ended = "time"
        finally:
            known = self._keep(ended)
        for model in self.still:
            self._say(model.id, "done")
        return known

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Pass on how far a training is, as a part of all rounds; stop when the time is spent."""
        if part in self.outcomes and state == "running":
            done, total = self.rounds * total + done, ROUNDS * total
            note = note.replace("repeat 1 of 1", f"round {self.rounds + 1} of at most {ROUNDS}")
        if part not in self.outcomes or state in ("running", "downloading", "failed"):
            self.watch.update(part, state, done, total, note)
        if self._allowed is not None and self.seconds > self._allowed:
            raise _TimeSpentError

    def _round(self) -> None:
        """Train everybody who is still in on the next split. Raises Cancelled."""
        protocol = replace(PROTOCOL, seeds=(self.rounds,))
        for outcome in finetune(
            self.dataset,
            self.still,
            protocol,
            groups=self.groups,
            folder=self.settings.evidence,
            device=self.result.run.device,
            watch=self,
        ):
            if isinstance(outcome, Failure):
                self.failures.append(outcome)
                self.still = [m for m in self.still if m.id != outcome.model]
            else:
                self.outcomes[outcome.model].append(outcome)
                trained = self.rounds + 1
                said = f"Trained {trained} of {ROUNDS} times"
                self.watch.update(outcome.model, "running", trained, ROUNDS, said)
            self._keep("")
        self.rounds += 1

    def _look(self) -> SettleEnd:
        """Let go who is behind beyond doubt; say whether it is over, and why."""
        if not self.still or len(self.still) + len(self.left) < 2:
            return "failed"
        reached = self._reached()
        behind = {gap.model: gap for gap in gaps(reached) if is_behind(gap)}
        self.left += [(a, behind[a.model]) for a in self._accuracies(reached) if a.model in behind]
        for gap in behind.values():
            said = f"Behind by {100 * gap.mean:.1f} points after {self.rounds} trainings"
            self._say(gap.model, "dropped", said)
        self.still = [m for m in self.still if m.id not in behind]
        if len(self.still) == 1:
            return "clear"
        if alike(gaps(self._reached())):
            return "alike"
        return "most" if self.rounds == ROUNDS else ""

    def _say(self, model: str, state: PartState, note: str = "") -> None:
        self.watch.update(model, state, self.rounds, ROUNDS, note)

    def _reached(self) -> Reached:
        """Gather what those who are still in reached in all complete rounds."""
        found = [o for m in self.still for o in self.outcomes[m.id]]
        return reached_by(found, self.dataset.labels, self.groups, range(self.rounds))

    def _accuracies(self, reached: Reached) -> list[Accuracy]:
        """Accuracies over the complete rounds, best first."""
        if not reached.splits:
            return []
        found = [o for m in reached.models for o in self.outcomes[m]]
        return sorted(accuracies(reached, found, self.dataset.labels), key=lambda a: -a.mean)

    def _keep(self, ended: SettleEnd) -> Settled:
        """Remember what is known; what was measured before stands until there is as much again."""
        known, before = self._settled(ended), self.before
        less = before is not None and len(known.protocol.seeds) < len(before.protocol.seeds)
        if before is None or not before.is_measured or (ended and not less):
            remember(self.result, known, self.settings)
        return known

    def _settled(self, ended: SettleEnd) -> Settled:
        """Return what is known so far, over the rounds that are complete."""
        reached = self._reached()
        still = self._accuracies(reached)
        left = sorted(self.left, key=lambda pair: pair[1].mean)
        close = tuple(a.model for a in still)
        kept = [m for m in self.models if m.id in close]
        winners = {"clear": close[:1], "alike": (cheapest(kept).id,) if kept else ()}
        return Settled(
            models=tuple(m.id for m in self.models),
            protocol=replace(PROTOCOL, seeds=tuple(range(max(1, self.rounds)))),
            accuracies=(*still, *(accuracy for accuracy, _ in left)),
            gaps=(*gaps(reached), *(gap for _, gap in left)),
            close=close,
            winner=next(iter(winners.get(ended, ())), None),
            ended=ended,
            failures=tuple(self.failures),
            seconds=self.seconds,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
