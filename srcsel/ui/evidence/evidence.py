"""The parts of the evidence page: the sentence, accuracy of each model, a score against it, how it
was measured.
"""

from __future__ import annotations

import shlex
from html import escape
from typing import Literal

import streamlit as st

from srcsel.base.records import Evidence, Failure, Protocol, Result
from srcsel.charts import accuracies
from srcsel.ui.app import state
from srcsel.ui.evidence import scatter
from srcsel.ui.parts import choices, figures, words
from srcsel.ui.parts.show import error_state, md, plain
from srcsel.verdict.readings import names_of

Color = Literal["green", "orange", "gray"]
EPOCHS = Protocol("finetune").epochs  # said only where it is another
KINDS = {"probe": "Quick check", "finetune": "Trained for real"}


def measured(result: Result) -> list[Evidence]:
    """Return what was measured for this run, the newest first."""
    return [
        e for e in reversed(state.runs().evidences(result.run.id)) if e.accuracies or e.failures
    ]


def choose(found: list[Evidence]) -> Evidence:
    """Draw the title and the switch between several measurements; training comes first, as it says
    most.
    """
    by_key = {_key(e): e for e in sorted(found, key=_less)}
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.title("Is it true?", anchor=False, width="content")
        if len(by_key) == 1:
            return found[0]
        first = state.choose("check", by_key, next(iter(by_key)), "measurement")
        st.session_state["evidence-kind"] = first
        chosen = st.segmented_control(
            "How it was measured",
            list(by_key),
            format_func=lambda key: _name(by_key[key]),
            required=True,
            key="evidence-kind",
            label_visibility="collapsed",
            on_change=lambda: state.write(check=st.session_state["evidence-kind"]),
        )
    return by_key.get(chosen or "", found[0])


def _less(evidence: Evidence) -> tuple[bool, bool, bool]:
    """Order measurements by how much they say, most first."""
    trained = evidence.protocol.kind == "finetune"
    return (not trained, evidence.is_former, not evidence.complete)


def card(result: Result, evidence: Evidence) -> None:
    """Draw the answer: whether the scores told the truth, in one sentence, with the numbers beside
    it.
    """
    head, _, rest = evidence.said.partition(". ")
    head = head if not rest or head.endswith(".") else f"{head}."
    with st.container(border=True, key="evidence-card"):
        left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
        with left.container(gap="xsmall"):
            label, color, icon = _look(result, evidence)
            st.badge(label, color=color, icon=icon)
            said = head or "Nothing could be measured"
            st.html(f'<h2 class="srcsel-said">{escape(plain(said))}</h2>')
            if rest:
                st.markdown(md(rest))
            st.caption(how(evidence))
        if evidence.accuracies and evidence.complete:
            right.html(_facts(result, evidence))


def how(evidence: Evidence) -> str:
    """Say in one line how accuracy was measured."""
    protocol = evidence.protocol
    if protocol.kind == "probe":
        return (
            f"Quick check: a linear classifier on the stored features, {protocol.folds}-fold; the"
            " same folds for every starting model."
        )
    shots = (
        "most of the pictures"
        if protocol.shots is None
        else f"{words.count(protocol.shots, 'picture')} of each class"
    )
    recipe = (
        " By the plain recipe of before: a classifier from nothing, one learning rate."
        if evidence.is_former
        else ""
    )
    return (
        f"Trained for real: the whole model, on {shots},"
        f" {words.count(len(protocol.seeds), 'repeat')}, at most"
        f" {words.count(protocol.epochs, 'pass', 'passes')}; the same splits for every starting"
        f" model.{recipe}"
    )


def dots(result: Result, evidence: Evidence) -> None:
    """Draw accuracy per model."""
    st.markdown("**How often each starting model was right**", help=_DOTS)
    theme, scale = choices.theme(), scatter.scale()
    st.plotly_chart(
        figures.drawn(
            ("dots", result, scatter.known(evidence), theme, scale),
            lambda: accuracies.accuracy_dots(result, evidence, theme=theme, scale=scale),
        ),
        key="evidence-dots",
        config={"displayModeBar": False},
        alt=accuracies.accuracy_alt(result, evidence),
    )


def remarks(result: Result, evidence: Evidence) -> None:
    """Say which pictures trained and tested, and which models could not be measured."""
    for note in evidence.notes:
        st.caption(f":material/info: {md(note)}")
    titles = {m.id: m.title for m in result.models}
    yardsticks = {m.id for m in result.models if m.yardstick}
    by_reason: dict[str, list[Failure]] = {}
    for failure in evidence.failures:
        by_reason.setdefault(failure.reason, []).append(failure)
    for reason, same in by_reason.items():
        names = ", ".join(md(titles.get(f.model, f.model)) for f in same)
        if all(
            f.model in yardsticks for f in same
        ):  # nobody starts from those: no reason for alarm
            st.caption(f":material/info: {names}: {md(reason)}")
            continue
        details = "\n\n".join(f"{f.model}\n{f.detail}" for f in same if f.detail)
        error_state(f"Could not be measured: {names}", md(reason), details)


def command(result: Result, evidence: Evidence | None) -> str:
    """Write the same as a shell command."""
    words_ = ["srcsel", "evidence", result.run.id]
    if evidence and evidence.protocol.kind == "finetune":
        shots = evidence.protocol.shots
        words_ += ["--check", "finetune", "--shots", "all" if shots is None else str(shots)]
        words_ += [
            "--seeds",
            str(len(evidence.protocol.seeds)),
            "--epochs",
            str(evidence.protocol.epochs),
        ]
        rate = evidence.protocol.learning_rate
        if rate is not None and not evidence.is_former:
            words_ += ["--learning-rate", f"{rate:g}"]
    return shlex.join(words_)


_DOTS = (
    "Each large dot is the accuracy on pictures the model had not learned from, with its 90 %"
    " interval; each faint dot is one of the splits. Models in the shaded rows cannot be told from"
    " the best. A hollow diamond is a yardstick that has learned nothing."
)


def _look(result: Result, evidence: Evidence) -> tuple[str, Color, str]:
    """Say in the badge whether the verdict held; by the trainings of before it says nothing."""
    if not evidence.complete:
        return "Not finished", "gray", ":material/hourglass_empty:"
    if evidence.is_former:
        return "Trained by the recipe of before", "gray", ":material/history:"
    if not evidence.accuracies:
        return "Nothing could be measured", "gray", ":material/help:"
    contest = {a.model for a in evidence.accuracies} - {m.id for m in result.models if m.yardstick}
    picked = result.verdict.winner
    if len(contest) < 2:
        return "Only one model was measured", "gray", ":material/help:"
    if contest <= set(evidence.close):
        return "Accuracy cannot tell these models apart", "gray", ":material/balance:"
    if picked not in contest:
        return KINDS[evidence.protocol.kind], "gray", ":material/science:"
    if picked in evidence.close:
        measured = [a for a in evidence.accuracies if a.model in contest]
        best = max(measured, key=lambda a: a.mean).model
        held = (
            "The verdict held" if picked == best else "As good as the best, as far as can be told"
        )
        return held, "green", ":material/verified:"
    return "The verdict missed the best", "orange", ":material/error:"


def _facts(result: Result, evidence: Evidence) -> str:
    """Write what the best and the verdict's choice reached, and what the choice cost."""
    reached = {a.model: a for a in evidence.accuracies}
    names = names_of(result)
    best = max(reached.values(), key=lambda a: a.mean)
    facts = [(_percent(best.mean), f"best reached: {plain(names[best.model])}")]
    picked = reached.get(result.verdict.winner or "")
    if picked and picked is not best:
        said = "first choice" if result.verdict.kind == "cannot tell" else "the verdict's choice"
        facts.append((_percent(picked.mean), f"{said}: {plain(names[picked.model])}"))
    lost = next((a.regret for a in evidence.agreements if a.predictor == "verdict"), None)
    if lost is not None and lost.value is not None:
        span = (
            f" ({lost.low:.1f} to {lost.high:.1f})"
            if lost.low is not None and lost.high is not None
            else ""
        )
        facts.append((f"{lost.value:.1f} points", f"lost by following the verdict{span}"))
    items = "".join(
        f"<div><dt>{escape(what)}</dt><dd>{escape(value)}</dd></div>" for value, what in facts
    )
    return f'<dl class="srcsel-reached">{items}</dl>'


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _name(evidence: Evidence) -> str:
    """Name a measurement on the switch."""
    protocol = evidence.protocol
    if protocol.kind == "probe":
        return KINDS["probe"]
    shots = "most pictures" if protocol.shots is None else f"{protocol.shots} a class"
    name = f"{KINDS['finetune']}: {shots}, {words.count(len(protocol.seeds), 'repeat')}"
    if protocol.epochs != EPOCHS:
        name += f", {words.count(protocol.epochs, 'pass', 'passes')}"
    if evidence.is_former:
        return f"{name}, former recipe"
    return name if protocol.learning_rate is None else f"{name}, rate {protocol.learning_rate:g}"


def _key(evidence: Evidence) -> str:
    """Name a measurement in the address."""
    protocol = evidence.protocol
    if protocol.kind == "probe":
        return "quick"
    shots = "most" if protocol.shots is None else protocol.shots
    key = f"trained-{shots}-{len(protocol.seeds)}-{protocol.epochs}"
    if evidence.is_former:
        return key
    rate = protocol.learning_rate
    return f"{key}-chosen" if rate is None else f"{key}-{rate:g}"
