"""The verdict card: where to start and how sure we are, before any chart; and why scores and
verdict differ.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Literal

import streamlit as st

from srcsel.base.phrases import millions, moment
from srcsel.base.records import Reading, Result, SourceModel
from srcsel.models.called import called
from srcsel.ui.app import frame
from srcsel.ui.parts import words
from srcsel.ui.parts.show import md, plain
from srcsel.ui.people.reach import here
from srcsel.ui.results import beforehand, settle, strip
from srcsel.verdict.after import after_training
from srcsel.verdict.expected import HOW, expected, in_words, rival_in_words, whose
from srcsel.verdict.light import Light, beside_headline
from srcsel.verdict.readings import (
    find_ranking,
    firsts_in_words,
    firsts_of_100,
    model_order,
    names_of,
    role,
    titles_of,
    who_came_first,
)
from srcsel.verdict.times import seconds_of
from srcsel.verdict.wording import HEADLINES, headline

Color = Literal["green", "orange", "gray"]
LOOKS: dict[Light, Color] = {"green": "green", "amber": "orange", "gray": "gray"}
ICONS = {
    "clear": ":material/verified:",
    "tie": ":material/balance:",
    "cannot tell": ":material/help:",
}
WARNING = ":material/warning:"
MANY = 3  # facts from which they are set smaller
LONG = 44  # characters of a headline from which it is set smaller
WORDY = 16  # characters of a fact from which it is set on two lines, so that the others keep theirs


def verdict_card(result: Result, beside: Callable[[], None] | None = None) -> None:
    """Draw the answer of a run; where it was not finished, only who is ahead, small and grey.

    `beside` draws what stands beside the badge.
    """
    if not result.complete:
        _so_far(result, beside)
        return
    verdict = result.verdict
    winner = next((m for m in result.models if m.id == verdict.winner), None)
    facts = _facts(result, winner) if winner and verdict.cause not in HEADLINES else ""
    with st.container(border=True, key="verdict"):
        if facts:
            left, right = st.columns([11, 9], gap="medium", vertical_alignment="top")
        else:  # the answer has the whole width
            left, right = st.container(), st.container()
        with left.container(gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", key="badge"):
                if result.scores:
                    label, color, icon = look(result)
                    st.badge(label, color=color, icon=icon)
                if beside is not None:
                    beside()
            sentence = plain(headline(result))
            long = " srcsel-long" if len(sentence) > LONG else ""
            st.html(f'<h1 class="srcsel-head{long}">{escape(sentence)}</h1>')
            reached = expected(result)
            if reached is not None:
                right_about = md(in_words(reached)).replace(" %", "\u00a0%")
                st.markdown(f"{md(whose(result))}: **{right_about}**", help=HOW)
                if said := rival_in_words(result):
                    st.markdown(md(said))
        if facts:
            right.html(facts + _firsts(result))
        if frame.presenting():  # beside the answer, so that the charts stand higher
            with right if winner else st.container():
                strip.draw(result)
        told = reached is not None and not verdict.measured and not _surprising(result)
        if not (told and frame.presenting()):
            st.markdown(settle.why(verdict))


def more(result: Result) -> None:
    """Draw what else there is to the answer: pictures that the model is right and wrong about, what
    training may change, and what one would have taken without looking. Nothing in presenter mode.
    """
    verdict = result.verdict
    if frame.presenting() or not result.complete:
        return
    known = verdict.winner is not None and verdict.cause != "same"
    said = _after(result) + beforehand.small(result) if known else ""
    if not said and strip.strip_of(result) is None:
        return
    with st.container(key="more-on-it", gap="xsmall"):
        st.header("More on this answer", anchor=False)
        left, right = st.columns([11, 9], gap="medium")
        with left:
            strip.draw(result)
        if said:
            right.html(said)


def _surprising(result: Result) -> bool:
    """Tell whether another model than the one named comes first most often, which asks for why."""
    firsts, winner = firsts_of_100(result), result.verdict.winner
    return winner is not None and firsts.get(winner, 0) < max(firsts.values(), default=0)


def _so_far(result: Result, beside: Callable[[], None] | None) -> None:
    """Say what an unfinished run shows, which is no answer."""
    yardsticks = {m.id for m in result.models if m.yardstick}
    rivals = [m for m in model_order(result) if m not in yardsticks]
    out = {f.model for f in result.failures if not f.measure}
    asked = [m for m in result.models if m.id not in out]
    scored = {s.model for s in result.scores}
    said = f"{sum(m.id in scored for m in asked)} of {words.count(len(asked), 'model')} scored"
    if rivals:
        said += f". Ahead so far: {names_of(result)[rivals[0]]}"
    with st.container(horizontal=True, vertical_alignment="center", key="so-far"):
        st.badge("Not finished", color="gray", icon=":material/hourglass_top:")
        st.markdown(f"{md(said)}. Nothing is decided before all are scored.", width="content")
        if beside is not None:
            beside()


def look(result: Result) -> tuple[str, Color, str]:
    """Return what the badge says, its colour and its icon."""
    kind = result.verdict.kind
    color, said = beside_headline(result)
    alarming = color == "amber" and kind != "tie"
    return said, LOOKS[color], WARNING if alarming else ICONS[kind]


def further(result: Result, chosen: str) -> None:
    """Draw the ways on from the answer: why, what is worth a look, and whether it is true."""
    if frame.presenting() or not result.complete:
        return
    run = {"run": result.run.id}
    ways = (
        (
            "explore",
            "Why this score",
            ":material/troubleshoot:",
            run | {"model": chosen, "view": "why"},
        ),
        ("explore", "Pictures worth a look", ":material/image_search:", run | {"view": "suspects"}),
        ("evidence", "Is it true?", ":material/science:", run),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="further"):
        st.markdown("**Where to go from here**", width="content")
        for page, label, icon, address in ways:
            st.page_link(frame.page(page), label=label, icon=icon, query_params=address)


def disagreement(result: Result, reading: Reading) -> str:
    """Say in a title how the two bars and the verdict differ; "" where all three name the same
    model.

    Yardsticks do not count: they are never where to start.
    """
    yardsticks = {m.id for m in result.models if m.yardstick}
    leaders = []
    for ranking in (find_ranking(result, measure, reading) for measure in ("silhouette", "supcon")):
        ranks = dict(zip(ranking.models, ranking.ranks, strict=True)) if ranking else {}
        rivals = {m: rank for m, rank in ranks.items() if m not in yardsticks}
        if rivals:
            leaders.append({m for m, rank in rivals.items() if rank == min(rivals.values())})
    if len(leaders) < 2 or result.verdict.winner is None:
        return ""
    if not leaders[0] & leaders[1]:
        return "The two scores disagree: here is why"
    first = sum(result.verdict.winner in leader for leader in leaders)
    if first == len(leaders):
        return ""
    where = "first in one of the two scores" if first else "first in neither score"
    return f"The verdict is {where}: here is why"


def weights(params: int | None) -> str:
    """Return a number of weights as "28.6 million", or "not known"."""
    return "not known" if params is None else millions(params)


def _facts(result: Result, winner: SourceModel) -> str:
    seconds = seconds_of(result).get(winner.id)  # unknown in a finished example: it ran elsewhere
    facts = [
        *([(moment(seconds), f"a picture, on {here()}")] if seconds else []),
        (weights(winner.params), "weights"),
        (plain(winner.license) or "unknown", "licence"),
    ]
    if frame.presenting():
        facts = facts[:-2]
    if result.verdict.firsts:
        first = firsts_of_100(result).get(winner.id, 0)
        facts.insert(0, (f"{first} of 100", "re-checks put it first"))
    lead = f'<p class="srcsel-key">Ahead for now: {escape(plain(called(winner)))}</p>'
    items = "".join(
        f'<div class="{_width(value)}"><dt>{escape(what)}</dt>'
        f'<dd title="{escape(value)}">{escape(value)}</dd></div>'
        for value, what in facts
    )
    return (
        f"{lead if result.verdict.kind == 'cannot tell' else ''}<dl"
        f' class="srcsel-facts{" srcsel-many" if len(facts) > MANY else ""}">{items}</dl>'
    )


def _width(value: str) -> str:
    return "srcsel-wordy" if len(value) > WORDY else ""


def _after(result: Result) -> str:
    """Draw what the re-checks leave open: the best model after training."""
    said = "" if frame.presenting() else after_training(result.verdict, result.run)
    return f'<div class="srcsel-key">{escape(said)}</div>' if said else ""


def _firsts(result: Result) -> str:
    """Draw who came first how often as one bar of shares, the winner's first."""
    firsts, titles = firsts_of_100(result), titles_of(result)
    if len(firsts) < 2:
        return ""
    parts = "".join(
        f'<i class="{role(result, m)}" style="width:{firsts[m]}%"'
        f' title="{escape(plain(titles[m]))}"></i>'
        for m in who_came_first(result)
    )
    text = escape(firsts_in_words(result))
    return (
        f'<div class="srcsel-firsts" role="img" aria-label="{text}">{parts}</div><div'
        f' class="srcsel-key">{text}</div>'
    )
