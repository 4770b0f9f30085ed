"""A race, run: stage by stage features of more pictures, scores of them, and who goes on.

The rules are `race_rules`', the pictures and their features `track`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from srcsel.base.records import (
    HEADLINE,
    Dropped,
    Failure,
    Features,
    Race,
    Score,
    SourceModel,
)
from srcsel.base.threads import one_behind
from srcsel.base.watch import PartState, Through, Watch
from srcsel.models.called import called
from srcsel.models.hubs import done_with
from srcsel.runs import race_rules as rules
from srcsel.runs.track import SILENT, Track
from srcsel.scoring.remembered import scored
from srcsel.verdict import doubt


def race(
    track: Track, models: Sequence[SourceModel], before: Race | None = None
) -> list[SourceModel]:
    """Race `models`; return those to be scored in full, whose whole features are then stored.

    Progress and who left stand in `track.so_far.race`. before: the race of the same run, when it
    was stopped: what was stored then counts as stored now, so that it goes on as it began. Raises
    as `extract`.
    """
    free = {m.id for m in track.stored(models)} if before is None else set(before.stored)
    free |= {m.id for m in models if m.gmacs == 0}  # no network
    return _Race(track, models, free).run()


class _Race:
    """One race from its first stage to its last."""

    def __init__(self, track: Track, models: Sequence[SourceModel], free: set[str]) -> None:
        self.track, self.so_far = track, track.so_far
        self.free = free
        self.yardsticks = {m.id for m in models if m.yardstick}
        self.alive = [m.id for m in models]
        self.n = len(track.order)
        # pictures put through each network
        self.seen = {m.id: 0 for m in models if m.id not in free}
        self.allowed = rules.budget(len(self.seen), self.n)
        self.sizes = rules.stages(track.dataset.counts)
        stored = tuple(m.id for m in models if m.id in free)
        note = rules.no_race(track.dataset.counts, len(self.seen), len(stored))
        self.now = Race(
            () if note else self.sizes,
            0,
            len(models),
            exact=len(self.seen) * self.n,
            stored=stored,
            note=note,
        )

    def run(self) -> list[SourceModel]:
        """Go through the stages; return who is left."""
        self._tell()
        for number, size in enumerate(self.now.stages[:-1]):
            if not self._open():
                break
            self._announce(number)
            self._leave((size, self.sizes[number + 1], self.n), self._stage(size))
        if self.now.stages:
            self._announce(len(self.sizes) - 1)
            self._finish(self._of(self.alive))
            while len(set(self.alive) - self.yardsticks) < rules.IN_FULL and (
                back := self._call_back()
            ):
                self._finish(self._of([back]))
            self.now = replace(self.now, stage=len(self.sizes))
            self.track.watch.update("race", "done", len(self.sizes), len(self.sizes))
        self._tell()
        return self._of(self.alive)

    def _open(self) -> bool:
        """Whether anybody may still leave."""
        return len(set(self.alive) - self.yardsticks) > rules.IN_FULL or bool(
            self.yardsticks & set(self.alive) - self.free
        )

    def _stage(self, size: int) -> dict[str, list[Score]]:
        """Score every model on the first `size` pictures: model -> its scores; one that fails is
        out.
        """
        found: dict[str, list[Score]] = {}
        watch = _StageWatch(self.track.watch, size, self.n)

        def take_in(outcome: Features | Failure) -> None:
            if isinstance(outcome, Failure):
                self._fail(outcome)
                return
            self.so_far.loaded(outcome.key)
            model, run = outcome.key.model, self.so_far.run
            key = replace(outcome.key, dataset=f"{self.track.turned.digest}-{size}")
            labels = self.track.turned.labels[:size]
            scores = scored(
                replace(outcome, key=key),
                labels,
                run,
                HEADLINE,
                self.track.store,
                watch,
                rechecks=rules.RECHECKS,
            )
            if scores.scores:
                found[model] = scores.scores
                watch.update(model, "waiting")
            else:
                self._fail(scores.failures[0])

        one_behind(self._prefixes(size, watch), take_in)
        self._count(self.alive, size)
        return found

    def _prefixes(self, size: int, watch: Watch) -> Iterator[Features | Failure]:
        rows, alive = self.track.order[:size], self._of(self.alive)
        stored = self.track.stored(alive)
        whole = [m for m in alive if m.gmacs == 0 or m in stored]
        for f in self.track.features(self.track.dataset, whole, SILENT):
            if isinstance(f, Failure):
                yield f
            else:
                yield replace(
                    f, values=f.values[rows], logits=None if f.logits is None else f.logits[rows]
                )
        others = [m for m in alive if m not in whole]
        yield from self.track.features(self.track.turned, others, watch, until=size)

    def _leave(self, sizes: tuple[int, int, int], found: dict[str, list[Score]]) -> None:
        """Decide who leaves after a stage. sizes: pictures of this stage, of the next, and all."""
        line = rules.places([s for scores in found.values() for s in scores], self.yardsticks)
        placed = {place.model for place in line}
        for model in [m for m in found if m not in placed and m not in self.free]:
            self._fail(Failure(model, "", rules.UNPLACED))
        out = rules.leaving(
            line,
            free=self.free,
            yardsticks=self.yardsticks,
            sizes=sizes,
            used=self.now.passes,
            allowed=self.allowed,
        )
        for leaver in out:
            model = leaver.place.model
            scores = tuple(replace(s, rechecks=None) for s in found[model])
            left = Dropped(model, sizes[0], line[0].model, leaver.place.behind, leaver.why, scores)
            self.alive.remove(model)
            self.now = replace(self.now, dropped=(*self.now.dropped, left))
            said = doubt.reason(left, self.names, self.n)
            self.track.watch.update(model, "dropped", left.pictures, self.n, said)
        self._done_with({leaver.place.model for leaver in out})
        self._tell()

    def _finish(self, models: Sequence[SourceModel]) -> None:
        """Put what is left of the pictures through the survivors."""
        costly = [m for m in models if m.id not in self.free]
        watch = _StageWatch(self.track.watch, self.n, self.n)
        stored = self.track.stored(costly)
        for outcome in self.track.finish([m for m in costly if m not in stored], watch):
            if isinstance(outcome, Failure):
                self._fail(outcome)
        self._count([m.id for m in costly], self.n)

    def _call_back(self) -> str | None:
        """Let the last model that left go on, where too few were left to compare; None where there
        is none.
        """
        left = [d for d in self.now.dropped if d.model not in self.yardsticks]
        if not left:
            return None
        kept = tuple(d for d in self.now.dropped if d is not left[-1])
        self.now = replace(self.now, dropped=kept)
        self.alive.append(left[-1].model)
        return left[-1].model

    def _count(self, models: Sequence[str], pictures: int) -> None:
        self.seen |= {m: pictures for m in models if m in self.seen}
        self.now = replace(self.now, passes=sum(self.seen.values()))

    def _fail(self, failure: Failure) -> None:
        self.so_far.failures.append(failure)
        self.alive = [m for m in self.alive if m != failure.model]
        self._done_with({failure.model})
        self.track.watch.update(failure.model, "failed", note=failure.reason)

    def _done_with(self, gone: Collection[str]) -> None:
        """Let the weights of models that left go first, but those that race at another size."""
        own = {m.id: m.own_id for m in self.so_far.models}
        done_with({own[m] for m in gone} - {own[m] for m in self.alive})

    def _announce(self, number: int) -> None:
        self.now = replace(self.now, stage=number)
        self.track.watch.update(
            "race", "running", number, len(self.sizes), doubt.announcement(self.now, self.n)
        )
        self._tell()

    def _tell(self) -> None:
        self.so_far.race = self.now
        self.track.save()

    @property
    def names(self) -> dict[str, str]:
        return {m.id: called(m) for m in self.so_far.models}

    def _of(self, ids: Sequence[str]) -> list[SourceModel]:
        """Return models as they are known by now: with the weights they ran with."""
        by_id = {m.id: m for m in self.so_far.models}
        return [by_id[name] for name in ids]


class _StageWatch(Through):
    """Counts a stage's pictures among all, and keeps a model from looking finished while it
    races.
    """

    def __init__(self, watch: Watch, size: int, pictures: int) -> None:
        super().__init__(watch)
        self._size, self._n = size, pictures

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Pass on what happens; a part is as far as the pictures it has seen."""
        if state in ("downloading", "failed"):
            self._watch.update(part, state, done, total, note)
        elif state in ("running", "reading"):
            self._watch.update(part, state, done, self._n)
        elif part == "pictures":
            self._watch.update(
                part, "done" if self._size == self._n else "reading", self._size, self._n
            )
        elif state == "scoring":
            self._watch.update(
                part, "running", self._size, self._n, f"Comparing by {self._size:,} pictures"
            )
        else:
            said = f"In the race, {self._size:,} of {self._n:,} pictures seen"
            self._watch.update(part, "running", self._size, self._n, said)
