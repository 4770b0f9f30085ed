"""Scores -> rankings and the verdict: where to start, and how sure the re-checks are.

The verdict's rule. In every re-check each model gets its mean rank over whitened SCL, kNN-5 and LogME. The leader has
the best mean rank on all pictures. A rival is *close* where it equals or beats the leader in more than CLOSE of the
re-checks, the same pictures for both. Then, first that applies:

cannot tell  nothing was scored; one model only; a class of fewer than FEWEST pictures; the leader beats chance on
             fewer than half of the measures; or more models are close than TIE_MOST, or all of three or more
tie          some rival is close: the cheapest of the close models is named
clear        none is
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcsel.explain import Diagnosis, explain
from srcsel.measures import find
from srcsel.records import Ranking, Reading, Score, SourceModel, Verdict

VERDICT_MEASURES = ("supcon", "knn", "logme")  # whitened SCL, kNN-5, LogME: the best rule on twelve real targets
CLOSE = 0.10  # share of the re-checks in which a rival may equal or beat the leader before it counts as close
TIE_MOST = 3  # a larger close group is no tie: nothing was settled
FEWEST = 10  # pictures in the smallest class, below which the card says "too few to say"
ENOUGH = 50  # pictures a class that settle most questions
SAME_COST = 1.1  # costs within this factor are equal: then the front-runner wins the tie
SAME = 1e-9  # values that differ by less than this share are ties

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def make_rankings(scores: Sequence[Score], literal: Sequence[Score] = ()) -> tuple[Ranking, ...]:
    """One ranking for each measure and reading, in the order in which the scores come."""
    groups: dict[tuple[str, Reading | None], list[Score]] = {}
    for score in [*scores, *literal]:
        groups.setdefault((score.measure, score.reading), []).append(score)
    return tuple(_ranking(group) for group in groups.values())


def decide(
    scores: Sequence[Score],
    models: Sequence[SourceModel],
    dataset_counts: np.ndarray,
    *,
    class_names: Sequence[str] | None = None,
    literal: Sequence[Score] = (),
    diagnoses: Sequence[Diagnosis] = (),
    seconds_per_picture: Mapping[str, float] | None = None,
) -> Verdict:
    """Say where to start, by the rule above. `dataset_counts` (c,): pictures of each class.

    The notes say why a bar and the verdict differ; `literal` and `diagnoses` make them fuller. Text and notes are
    plain text, titles included as they are: a page must escape them.
    """
    field = _Field.of(scores, models, dataset_counts, class_names, seconds_per_picture or {})
    verdict = field.verdict()
    notes = field.notes + explain(make_rankings(scores, literal), verdict, diagnoses, models)
    return replace(verdict, notes=notes)


def _ranking(scores: Sequence[Score]) -> Ranking:
    """Order the scores of one measure in one reading, best first."""
    measure = find(scores[0].measure)
    values = measure.sign * np.array([s.value for s in scores])
    order = np.argsort(-values, kind="stable")
    ranks: list[int] = []
    for place, i in enumerate(order):
        tied = place > 0 and _equal(values[i], values[order[ranks[-1] - 1]])
        ranks.append(ranks[-1] if tied else place + 1)
    ordered = [scores[i] for i in order]
    draws = [None if s.rechecks is None else measure.sign * s.rechecks for s in ordered]
    close = [
        s.model
        for s, rank, own in zip(ordered, ranks, draws, strict=True)
        if rank == 1 or own is None or draws[0] is None or _catches_up(own, draws[0])
    ]
    return Ranking(scores[0].measure, scores[0].reading, tuple(s.model for s in ordered), tuple(ranks), tuple(close))


def _equal(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    return np.abs(np.subtract(a, b)) <= SAME * np.maximum(np.abs(a), np.abs(b))


def _catches_up(rival: np.ndarray, leader: np.ndarray) -> bool:
    """Whether the rival equals or beats the leader in more than CLOSE of the paired re-checks; higher is better."""
    return bool(np.mean((rival >= leader) | _equal(rival, leader)) > CLOSE)


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    """Mean over measures of each model's rank, ties sharing theirs. values (m, models, b), higher better."""
    better = (values[:, None] > values[:, :, None]) & ~_equal(values[:, None], values[:, :, None])
    tied = _equal(values[:, None], values[:, :, None])
    return (better.sum(axis=2) + (tied.sum(axis=2) + 1) / 2).mean(axis=0)  # (models, b)


@dataclass(frozen=True, eq=False)
class _Field:
    """The models in contention, best first, with what the verdict's words need."""

    models: tuple[SourceModel, ...]  # by mean rank on all pictures
    firsts: dict[str, float]  # model -> first in x of 100 re-checks, ties shared
    close: tuple[SourceModel, ...]  # the leader, then those it cannot be told from
    above_chance: bool
    counts: np.ndarray  # (c,)
    smallest: str  # "Your smallest class, rust, has 18 pictures"
    seconds: Mapping[str, float]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        scores: Sequence[Score],
        models: Sequence[SourceModel],
        counts: np.ndarray,
        class_names: Sequence[str] | None,
        seconds: Mapping[str, float],
    ) -> _Field:
        """Rank the models by the verdict's measures, on all pictures and in every re-check."""
        counts = np.asarray(counts)
        at = int(counts.argmin())
        name = f", {class_names[at]}," if class_names else ""
        smallest = f"Your smallest class{name} has {_count(int(counts[at]), 'picture')}"
        table, notes = _table(scores)
        known = {m.id: m for m in models}
        ids = [m for m in table[0] if m in known] if table else []
        if not ids:
            return cls((), {}, (), False, counts, smallest, seconds, notes)
        signs = np.array([find(row[ids[0]].measure).sign for row in table])[:, None, None]
        full = _mean_ranks(signs * [[[row[m].value] for m in ids] for row in table])[:, 0]
        draws = [[_draws(row[m]) for m in ids] for row in table]
        fewest = min(len(d) for row in draws for d in row)
        again = _mean_ranks(signs * np.array([[d[:fewest] for d in row] for row in draws]))  # (models, b)
        first = _equal(again, again.min(axis=0))
        firsts = 100 * (first / first.sum(axis=0)).mean(axis=1)
        order = np.lexsort((again.mean(axis=1), -firsts, full))
        leader = order[0]
        close = [i for i in order if i == leader or _catches_up(-again[i], -again[leader])]
        return cls(
            tuple(known[ids[i]] for i in order),
            {ids[i]: float(firsts[i]) for i in order},
            tuple(known[ids[i]] for i in close),
            2 * sum(_beats_chance(row[ids[leader]]) for row in table) > len(table),
            counts,
            smallest,
            seconds,
            notes,
        )

    def verdict(self) -> Verdict:
        """Take the first of the cases of the rule that applies."""
        if not self.models:
            return Verdict("cannot tell", None, "No model could be scored, so there is nothing to start from yet.")
        if len(self.models) == 1:
            return self._unsure(
                f"Only one model was scored, {self.models[0].title}, so there is nothing to compare it with. Add at "
                "least one more model."
            )
        if self.counts.min() < FEWEST:
            return self._unsure(
                f"No clear choice yet. {self.smallest}: too few to say. {FEWEST} are needed, {ENOUGH} would help. "
                f"{self._ahead()}"
            )
        if not self.above_chance:
            return self._unsure(
                f"No clear choice yet. Even the first of these models, {self.models[0].title}, tells your classes "
                "apart no better than chance. Other source models may suit your pictures, or the labels may not be "
                "visible in them."
            )
        if len(self.close) > TIE_MOST or len(self.close) == len(self.models) > 2:
            return self._unsure(f"No clear choice yet. {self._alike()} {self._ahead()} {self._advice()}".rstrip())
        return self._tie() if len(self.close) > 1 else self._clear()

    def _unsure(self, text: str) -> Verdict:
        return Verdict("cannot tell", self.models[0].id, text, self.firsts, tuple(m.id for m in self.close))

    def _clear(self) -> Verdict:
        winner, second = self.models[:2]
        text = (
            f"Start from {winner.title}. It came first in {self._share(winner)} of 100 re-checks on your "
            f"{int(self.counts.sum()):,} pictures. Next best: {second.title}. {self._facts(winner)}"
        )
        return Verdict("clear", winner.id, text, self.firsts, (winner.id,))

    def _tie(self) -> Verdict:
        winner = _cheapest(self.close)
        others = [m for m in self.close if m is not winner]
        shares = _listed([str(self._share(m)) for m in self.close])
        text = (
            f"Start from {winner.title}. {_listed([m.title for m in self.close])} are too close to call ({shares} of "
            f"100 re-checks). {self._why(winner, others)} {self._facts(winner)}"
        )
        return Verdict("tie", winner.id, text, self.firsts, tuple(m.id for m in self.close))

    def _why(self, winner: SourceModel, others: Sequence[SourceModel]) -> str:
        """Why the winner of a tie is the better first try."""
        if winner is self.close[0] and not _cheaper(winner, others):
            return f"They cost about the same, and {winner.title} ranks best on all pictures, so it is the first try."
        if len(others) > 1:
            return f"{winner.title} is the cheapest of them to run, so it is the better first try."
        gains = [
            _ratio(others[0].params, winner.params, "smaller"),
            _ratio(*self._times(others[0], winner), "faster"),
        ]
        said = " and ".join(g for g in gains if g) or "cheaper to run"
        return f"{winner.title} is {said}, so it is the better first try."

    def _times(self, other: SourceModel, winner: SourceModel) -> tuple[float | None, float | None]:
        """Seconds for one picture where measured for both, else multiply-adds."""
        measured = self.seconds.get(other.id), self.seconds.get(winner.id)
        return measured if None not in measured else (other.gmacs, winner.gmacs)

    def _alike(self) -> str:
        if len(self.close) == len(self.models):
            return f"These {_word(len(self.models))} models look alike on your pictures."
        names = _listed([m.title for m in self.close[:5]] + (["others"] if len(self.close) > 5 else []))
        return f"{names} are too close to call, {_word(len(self.close))} of {_word(len(self.models))} models."

    def _ahead(self) -> str:
        return f"For now {self.models[0].title} is ahead (first in {self._share(self.models[0])} of 100 re-checks)."

    def _advice(self) -> str:
        return f"{self.smallest}; {ENOUGH} would help." if self.counts.min() < ENOUGH else ""

    def _share(self, model: SourceModel) -> int:
        """First in how many of 100 re-checks; 100 only if always."""
        share = self.firsts[model.id]
        return 100 if share == 100 else min(99, round(share))

    def _facts(self, model: SourceModel) -> str:
        """Size, time and licence as far as known, as one sentence."""
        seconds = self.seconds.get(model.id)
        facts = [
            _millions(model.params) if model.params else "",
            f"{_digits(1000 * seconds)} ms per picture on this computer" if seconds else "",
            f"licence {model.license}" if model.license else "",
        ]
        text = ", ".join(f for f in facts if f)
        return f"{text[:1].upper()}{text[1:]}." if text else ""


def _table(scores: Sequence[Score]) -> tuple[list[dict[str, Score]], tuple[str, ...]]:
    """For each measure that counts, the score of every model that has them all; and a note on what is missing."""
    rows: dict[str, dict[str, Score]] = {}
    for s in scores:
        rows.setdefault(s.measure, {})[s.model] = s
    chosen = [m for m in VERDICT_MEASURES if m in rows]
    notes = ()
    if len(chosen) < len(VERDICT_MEASURES) and rows:
        chosen = chosen or list(rows)[:1]
        titles = _listed([find(m).title for m in chosen])
        notes = (f"The verdict rests on {titles} alone, because other measures it uses were not scored.",)
    ids = list(dict.fromkeys(s.model for s in scores))
    whole = [m for m in ids if all(m in rows[name] for name in chosen)]
    if 0 < len(whole) < len(ids):
        out = len(ids) - len(whole)
        notes += (f"{_count(out, 'model')} lacked a measure that the verdict uses and took no part in it.",)
    return [{m: rows[name][m] for m in whole} for name in chosen], notes


def _draws(score: Score) -> np.ndarray:
    """Return the re-checks, or the value alone where there are none."""
    return np.array([score.value]) if score.rechecks is None else score.rechecks


def _beats_chance(score: Score) -> bool:
    """Whether the 90 % interval of the score lies on the good side of its null."""
    if score.null is None or score.low is None or score.high is None:
        return bool(score.gain is not None and score.gain > 0)
    return score.low > score.null if find(score.measure).higher_is_better else score.high < score.null


def _cheapest(models: Sequence[SourceModel]) -> SourceModel:
    """Take the first of those within SAME_COST of the least multiply-adds, or parameters where those are not known."""
    for costs in ([m.gmacs for m in models], [m.params for m in models]):
        known = [c for c in costs if c is not None]
        if len(known) == len(models) and max(known) > SAME_COST * min(known):
            return next(m for m, c in zip(models, known, strict=True) if c <= SAME_COST * min(known))
    return models[0]


def _cheaper(winner: SourceModel, others: Sequence[SourceModel]) -> bool:
    """Whether cost, not rank alone, speaks for the winner."""
    return _cheapest([*others, winner]) is winner


def _ratio(more: float | None, less: float | None, word: str) -> str:
    """How many times smaller or faster, in words; nothing where unknown or hardly different."""
    if not more or not less or more < SAME_COST * less:
        return ""
    times = more / less
    return f"{_digits(times)} times {word}" if times >= 1.5 else f"{times - 1:.0%} {word}"


def _millions(params: int) -> str:
    return f"{_digits(params / 1e6)} M parameters" if params >= 1e5 else f"{params:,} parameters"


def _digits(value: float) -> str:
    """Two digits below ten, whole numbers above."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.2g}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _word(n: int) -> str:
    return _WORDS[n] if n < len(_WORDS) else str(n)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
