"""The verdict of a result: four answers that its reader looks for first, and one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tinycompress.reporting.subjects import MemoryUse, OutputScore, Spread, Subject, score_text
from tinycompress.reporting.words import clean, count, duration, how_got, machine_word, share, size

Mood = Literal["good", "bad", "plain"]


@dataclass(frozen=True)
class Answer:
    """One question of a reader, answered.

    ``short`` stands large; ``detail`` says of what it is, ``how`` how it was got.
    """

    question: str
    short: str
    detail: str
    how: str = ""
    mood: Mood = "plain"


def answers(subject: Subject) -> tuple[Answer, ...]:
    """Fits, exact, accuracy, latency: those that the result knows of."""
    if subject.kind == "fit":
        return _of_search(subject)
    found = [_fits(subject), _exact(subject), *_accuracy(subject), _latency(subject)]
    return tuple(one for one in found if one is not None)


def sentence(subject: Subject) -> str:
    """The verdict in one sentence."""
    if subject.kind == "fit":
        return _search_words(subject)
    parts = [one for one in (_fits_words(subject), _exact_words(subject)) if one]
    spread = subject.latency_us
    if spread is not None:
        parts.append(f"takes {duration(spread.median)} for one inference")
    if subject.stages:
        first, last = subject.stages[0], subject.stages[-1]
        before = f"{first.score(first.accuracy)} before compression"
        article = "an" if last.measure[0] in "aA" else "a"
        parts.append(f"has {article} {last.measure} of {last.score(last.accuracy)} ({before})")
        if first.flash_bytes and last.flash_bytes:
            parts.append(f"takes {size(last.flash_bytes)} of flash after {size(first.flash_bytes)}")
    if not parts:
        return ""
    *first_parts, last_part = parts
    joined = f"{', '.join(first_parts)} and {last_part}" if first_parts else last_part
    return f"{clean(subject.model)} {joined}."


def _search_words(subject: Subject) -> str:
    best, number = subject.best, len(subject.candidates)
    if best is None:
        return f"None of {number} candidates keeps the limits."
    return (
        f"{clean(best.name)} is the best within the limits, of {number:,} that were measured: "
        f"{share(best.accuracy, 2)}, {size(best.flash_bytes)} of flash, "
        f"{duration(best.latency_us)} for one inference."
    )


def _of_search(subject: Subject) -> tuple[Answer, ...]:
    best = subject.best
    if best is None:
        return (Answer("Within the limits", "none", "see the notes", mood="bad"),)
    name, emulated = clean(best.name), how_got("emulated")
    return (
        Answer("Accuracy", share(best.accuracy, 2), name, "measured: integer file, on this PC"),
        Answer("Flash", size(best.flash_bytes), name, "measured: the linked ELF"),
        Answer("RAM", size(best.ram_bytes), "with the whole stack", "measured: the linked ELF"),
        Answer("Latency", duration(best.latency_us), "one inference", emulated),
    )


def _fits_words(subject: Subject) -> str:
    fits = subject.fits_board
    if fits is None or subject.board is None:
        return ""
    return f"{'fits' if fits else 'does not fit'} the {clean(subject.board.name)}"


def _exact_words(subject: Subject) -> str:
    exact = subject.exactness
    if exact is None or exact.mismatched is None:
        return ""
    if exact.mismatched:
        return f"differs from {exact.oracle} in {exact.mismatched:,} of {exact.samples:,} samples"
    if exact.allowed_ulps:
        return f"is within {exact.allowed_ulps} ULP of {exact.oracle} in {exact.samples:,} samples"
    return f"equals {exact.oracle} byte for byte in {exact.samples:,} samples"


def _fits(subject: Subject) -> Answer | None:
    fits = subject.fits_board
    if fits is None:
        return None
    detail = "; ".join(_taken(memory) for memory in subject.memories)
    if not detail and subject.stages:
        last = subject.stages[-1]
        detail = "" if last.flash_bytes is None else f"flash {size(last.flash_bytes)}"
    return Answer(
        "Fits",
        "yes" if fits else "no",
        detail,
        "measured: the linked ELF",
        "good" if fits else "bad",
    )


def _taken(memory: MemoryUse) -> str:
    if memory.capacity_bytes is None:
        return f"{memory.name} {size(memory.total_bytes)}"
    taken = share(memory.total_bytes / memory.capacity_bytes)
    return f"{memory.name} {size(memory.total_bytes)}, {taken}"


def _exact(subject: Subject) -> Answer | None:
    exact = subject.exactness
    if exact is None:
        return None
    if exact.mismatched is None:
        reason = clean(exact.not_compared or "the oracle gave no outputs")
        return Answer("Exact", "not compared", reason)
    short = "yes" if not exact.mismatched else "no"
    bound = exact.allowed_ulps
    differ = f"are more than {bound} ULP from" if bound else "differ from"
    return Answer(
        f"Within {bound} ULP" if bound else "Exact",
        short,
        f"{exact.mismatched:,} of {exact.samples:,} samples {differ} {exact.oracle}",
        f"{machine_word(subject.machine)}: {'float outputs' if bound else 'output bytes'} compared",
        "bad" if exact.mismatched else "good",
    )


def _accuracy(subject: Subject) -> list[Answer]:
    found = [_quality(score, subject) for score in subject.scores]
    if not found and subject.stages:
        first, last = subject.stages[0], subject.stages[-1]
        before = f"{first.score(first.accuracy)} before compression"
        detail = f"after {clean(last.name)}; {before}"
        title = f"{last.measure[0].upper()}{last.measure[1:]}"
        found.append(Answer(title, last.score(last.accuracy), detail, "integer file, on this PC"))
    return found


def _quality(score: OutputScore, subject: Subject) -> Answer:
    of = f" of {clean(score.name)}" if len(subject.scores) > 1 else ""
    samples = "" if subject.exactness is None else f"{subject.exactness.samples:,} samples"
    beside = ""
    if score.host is not None:
        beside = f"; on this PC {score_text(score.host, is_share=score.is_share)}"
    return Answer(
        f"{score.measure[0].upper()}{score.measure[1:]}{of}",
        score_text(score.device, is_share=score.is_share),
        f"{samples}{beside}",
        f"{machine_word(subject.machine)}: outputs beside labels",
    )


def _latency(subject: Subject) -> Answer | None:
    spread, budget = subject.latency_us, subject.latency_budget_us
    if spread is None and subject.stages and subject.stages[-1].latency_us is not None:
        return Answer(
            "Latency", duration(subject.stages[-1].latency_us), "one inference, last stage",
            how_got("emulated"),
        )  # fmt: skip
    if spread is None:
        counted = subject.instructions
        if counted is None:
            return None
        return Answer(
            "Instructions", count(counted.median), "one inference", how_got(counted.obtained)
        )
    mood: Mood = "plain"
    detail = _runs(spread, subject.runs)
    if budget is not None:
        kept = spread.max <= budget
        mood = "good" if kept else "bad"
        detail += f"; budget {duration(budget)} {'kept' if kept else 'not kept'}"
    return Answer("Latency", duration(spread.median), detail, how_got(spread.obtained), mood)


def _runs(spread: Spread, runs: int) -> str:
    if runs <= 1:
        return "one run"
    if spread.min == spread.max or not spread.median:
        return f"{runs} runs, all alike"
    apart = (spread.max - spread.min) / spread.median
    within = "less than 0.1 %" if apart < 0.001 else share(apart)
    return f"median of {runs} runs, which differ by {within}"
