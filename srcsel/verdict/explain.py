"""Why the two bars, or a bar and the verdict, name different models: signs measured in the
features, then sentences.

The tests and their thresholds were set on simulated features (narrow cone, islands, lengths,
strays).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from srcsel.base.phrases import capital, listed
from srcsel.base.records import Diagnosis, Note, Ranking, Reading, Signs, SourceModel, Verdict
from srcsel.models.called import at_start, called

CONE = 0.5  # mean cosine of random pairs from which the pictures lie in a narrow cone
# rise of the SCL gain, once the mean feature is gone, that shows distinct groups inside the cone
CONE_LIFT = 0.5
# 1-NN accuracy from which an SCL gain at or below chance means classes of several kinds
ISLANDS = 0.9
# change of the Euclidean MSC, once all features have one length, that shows lengths mattered
LENGTHS = 0.1
STRAYS = 0.3  # rise of the SCL gain without the worst pictures that shows that a few pull it down
LITERAL = "In the literal reading of the papers"  # how the sentences on that reading open
BARS = {"silhouette": "class separation (MSC)", "supcon": "neighbour agreement (SCL)"}
READINGS: tuple[Reading, ...] = ("whitened", "raw")
CHANCE = (
    "On at least one of the scores the re-checks cannot tell these two apart: it may be chance."
)
DIFFERENT = (
    "The scores look at different things: separation asks whether whole groups stand apart;"
    " neighbour agreement asks whether each picture sits with its own kind."
)


def explain(
    rankings: Sequence[Ranking],
    verdict: Verdict,
    diagnoses: Sequence[Diagnosis] = (),
    models: Sequence[SourceModel] = (),
) -> tuple[Note, ...]:
    """Write notes for the person, each with the reading it speaks of; none where bars and verdict
    agree.

    `rankings` hold the models the verdict chooses from: no yardsticks.
    """
    titles = {m.id: called(m) for m in models}
    signs = {d.model: d for d in diagnoses}
    notes: list[Note] = []
    for reading in READINGS:
        bars = [r for name in BARS if (r := _find(rankings, name, reading))]
        pair = (bars[0], bars[1]) if len(bars) == 2 else None
        apart = pair is not None and not set(_firsts(pair[0])) & set(_firsts(pair[1]))
        said: list[str] = []
        causes: list[str] = []
        if pair and apart:
            said, causes = _apart(*pair, titles), list(_why_apart(*pair, signs, titles))
            said += [] if causes else [DIFFERENT]
        if reading == "whitened":
            said += _verdict(bars, verdict, titles, apart=apart)
        elif pair and not apart:
            said += _literal(*pair, verdict, titles)
        told = [" ".join(said)] if said else []
        notes += [Note(text, reading) for text in (*told, *causes)]
    return tuple(dict.fromkeys(notes))


def explain_yardsticks(
    rankings: Sequence[Ranking], models: Sequence[SourceModel]
) -> tuple[Note, ...]:
    """Say where a yardstick heads a bar: it is drawn there, but is never where to start.

    `rankings` hold all models.
    """
    titles = {m.id: called(m) for m in models if m.yardstick}
    notes = []
    for reading in READINGS:
        heads: dict[str, list[str]] = {}
        for name, bar in BARS.items():
            ranking = _find(rankings, name, reading)
            if ranking and set(_firsts(ranking)) <= titles.keys():
                heads.setdefault(titles[ranking.models[0]], []).append(bar)
        notes += [
            Note(
                f"{f'{LITERAL} {title}' if reading == 'raw' else at_start(title)} comes first by"
                f" {listed(bars)}. It is a yardstick, not a model to"
                " start from.",
                reading,
            )
            for title, bars in heads.items()
        ]
    return tuple(notes)


def _find(rankings: Sequence[Ranking], measure: str, reading: Reading) -> Ranking | None:
    return next(
        (r for r in rankings if r.measure == measure and r.reading == reading and r.models), None
    )


def _firsts(ranking: Ranking) -> tuple[str, ...]:
    return tuple(m for m, rank in zip(ranking.models, ranking.ranks, strict=True) if rank == 1)


def _apart(msc: Ranking, scl: Ranking, titles: Mapping[str, str]) -> list[str]:
    """Say that the bars disagree, and whether that means anything."""
    a, b = msc.models[0], scl.models[0]
    opening = "The" if msc.reading == "whitened" else f"{LITERAL} the"
    said = [
        f"{opening} two scores name different first places: {titles.get(a, a)} by"
        f" {BARS[msc.measure]}, {titles.get(b, b)} by {BARS[scl.measure]}."
    ]
    return [*said, CHANCE] if a in scl.close or b in msc.close else said


def _why_apart(
    msc: Ranking, scl: Ranking, diagnoses: Mapping[str, Diagnosis], titles: Mapping[str, str]
) -> Iterator[str]:
    """Say what the signs show of why the bars disagree; nothing where they show none."""
    a, b = msc.models[0], scl.models[0]
    signs = {m: getattr(diagnoses[m], msc.reading or "raw") for m in (a, b) if m in diagnoses}
    by_length = {m for m in signs if diagnoses[m].metric == "euclidean"}
    yield from _causes(signs, a, by_length, titles)


def _literal(
    msc: Ranking, scl: Ranking, verdict: Verdict, titles: Mapping[str, str]
) -> Iterator[str]:
    """Say why both literal bars may name another model than the verdict."""
    first, winner = msc.models[0], verdict.winner
    if winner is None or winner in set(_firsts(msc)) & set(_firsts(scl)):
        return
    yield (
        f"{LITERAL} both scores put {titles.get(first, first)} first, not"
        f" {titles.get(winner, winner)}. That reading keeps what all pictures have in common, which"
        " favours some models for no good reason; the verdict does not use it."
    )


def _causes(
    signs: Mapping[str, Signs],
    separated: str,
    by_length: Collection[str],
    titles: Mapping[str, str],
) -> Iterator[str]:
    """Say what the signs of the two first places show.

    `separated` is the first place by MSC, `by_length` the models whose MSC compares distances.
    """
    for model, s in signs.items():
        title = titles.get(model, model)
        if s.mean_cosine > CONE and model == separated and s.centred_gain - s.gain > CONE_LIFT:
            yield (
                f"{at_start(title)} puts all pictures close together, but the groups inside are"
                " still distinct. The neighbour score is misled by that. With the common part"
                f" removed its gain rises from {s.gain:z.1f} to {s.centred_gain:z.1f}."
            )
        elif s.mean_cosine > CONE and model != separated:
            yield (
                f"{at_start(title)} puts all pictures close together (mean similarity"
                f" {s.mean_cosine:.2f} of 1). Its neighbour score then stays near chance whatever"
                f" it sees (gain {s.gain:z.1f}), which beats models that spread the pictures and"
                " fall below chance. With the common part removed the fault is gone."
            )
        if s.nearest >= ISLANDS and s.gain <= 0:
            yield (
                f"For {title}, some of the classes look like two kinds of picture (for example"
                f" close-ups and wide shots): {s.nearest:.0%} of nearest neighbours are right, yet"
                " whole classes do not hang together. Both scores punish that, a classifier often"
                " does not."
            )
        if model in by_length and abs(s.distances - s.directions) > LENGTHS:
            yield (
                f"For {title}, class separation by distance reads {s.distances:z.2f}, but"
                f" {s.directions:z.2f} once all features have the same length: very strong and very"
                " weak pictures throw it off. Compare directions (cosine) instead."
            )
        if s.trimmed_gain - s.gain > STRAYS:
            yield (
                f"For {title}, a few pictures pull the neighbour score down: without the worst"
                f" tenth its gain rises from {s.gain:z.1f} to {s.trimmed_gain:z.1f}."
            )


def _verdict(
    bars: Sequence[Ranking], verdict: Verdict, titles: Mapping[str, str], *, apart: bool
) -> Iterator[str]:
    """Say why the verdict names another model than these bars, those of one reason together;
    apart: whether it was said which model comes first by each.
    """
    winner = verdict.winner or ""
    groups: dict[tuple[str, str], list[Ranking]] = {}
    for ranking in (r for r in bars if winner in r.models and winner not in _firsts(r)):
        kind = _kind(ranking, verdict)
        first = "" if apart and kind == "rule" else ranking.models[0]
        groups.setdefault((first, kind), []).append(ranking)
    for (first, kind), same in groups.items():
        name, its = titles.get(first, first), titles.get(winner, winner)
        by = [f"by {BARS[r.measure]}" for r in same]
        ranks = [_ordinal(r.ranks[r.models.index(winner)]) for r in same]
        who, where = (name, listed(by)) if apart else ("it", "there")
        apiece = [f"{rank} {one}" for rank, one in zip(ranks, by, strict=True)]
        places = listed(apiece) if apart else f"{listed(list(dict.fromkeys(ranks)))} there"
        why = {
            "tie": f"the verdict counts {who} and {its} as too close to call and names {its}",
            "rechecks": f"{where} the re-checks cannot tell {who} from {its}, which the verdict"
            " names",
            "rule": f"the verdict names {its} ({places}), because it follows three measures"
            " together: neighbour agreement, nearest neighbours and LogME",
        }[kind]
        score = capital(f"{by[0]} alone" if len(by) == 1 else listed(by))
        yield f"{capital(why)}." if apart else f"{score} {name} comes first; {why}."


def _kind(ranking: Ranking, verdict: Verdict) -> str:
    """Tell which reason the verdict has to name another model than a bar's first."""
    if verdict.kind == "tie" and ranking.models[0] in verdict.close:
        return "tie"
    return "rechecks" if verdict.winner in ranking.close else "rule"


def _ordinal(rank: int) -> str:
    ending = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"
