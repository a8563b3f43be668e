"""What a recipe may lose of its scores: at the end, and on the way there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tinycompress.artifacts import LayerAgreement, OutputQuality
from tinycompress.errors import MismatchError
from tinycompress.quality.limits import beside_float, channel_drops
from tinycompress.quality.scores import name_of_scores
from tinycompress.quality.signal import LEAST_AGREEMENT_DB


class StageScore(Protocol):
    """What of a stage's row the limit on accuracy is about."""

    @property
    def stage(self) -> str:
        """Kind of the stage."""

    @property
    def float_accuracy(self) -> float:
        """Of the float model."""

    @property
    def int8_accuracy(self) -> float:
        """Of the integer file."""

    @property
    def activations(self) -> str:
        """Of the integer file: int8 or int16."""

    @property
    def quality(self) -> tuple[OutputQuality, ...]:
        """Of every output, of the integer file beside the float model; empty if not known."""


def check_accuracy(
    before: StageScore,
    after: StageScore,
    max_drop: float,
    *,
    agreement: Callable[[], Sequence[LayerAgreement]],
) -> None:
    """Enforce the limit of a recipe.

    Args:
        before: What the recipe started from; the float score counts.
        after: What it ended with, on the same samples; the score of the integer file counts.
        max_drop: Largest allowed difference.
        agreement: Compares the integer file with its float model; asked only if it fell further.

    Raises:
        MismatchError: It fell further; names the first layer that diverges.
    """
    fallen = _fallen(before, after, max_drop)
    if not fallen:
        return
    raise MismatchError(
        f"after {after.stage} {'; '.join(fallen)}; allowed: a drop of {max_drop:g}"
        f"{_where_it_falls(after, agreement())}",
        hint="train longer, compress less, add [stage.distill], or raise limits.max_accuracy_drop",
    )


def _fallen(before: StageScore, after: StageScore, max_drop: float) -> list[str]:
    """What of each output is beyond the limit: a good one does not make up for a bad one."""
    scored = [(name, then, now.score or 0.0) for name, then, now in _outputs(before, after)] or [
        (score_name(after.quality), before.float_accuracy, after.int8_accuracy)
    ]
    told = [
        f"the {after.activations} {name} is {now:.4f}, the float model's was {then:.4f}"
        for name, then, now in scored
        if now < then - max_drop
    ]
    beside = beside_float(after.quality, before.quality)
    channels = (drop for one in beside for drop in channel_drops(one) if drop.points > max_drop)
    return told + [
        f"the {after.activations} {drop.what} is {drop.in_integers}, the float model's was"
        f" {drop.in_float}"
        for drop in channels
    ]


def _outputs(before: StageScore, after: StageScore) -> Iterator[tuple[str, float, OutputQuality]]:
    """Of several outputs the name of each one's score, what it was in float, and how it is now."""
    if len(after.quality) > 1 and len(before.quality) == len(after.quality):
        for then, now in zip(before.quality, after.quality, strict=True):
            yield f"{now.score_name} of output {now.name!r}", then.float_score or 0.0, now


def score_name(quality: Sequence[OutputQuality]) -> str:
    """What the score of a stage is: that of its output, or of several the mean."""
    return name_of_scores([one.score_name for one in quality])


def check_on_the_way(
    before: StageScore,
    after: StageScore,
    max_drop: float,
    *,
    at_the_end: float,
    left: Sequence[str],
) -> None:
    """Enforce what may be lost before the last stage.

    Args:
        before: What the recipe started from; the float score counts.
        after: A stage that others follow; the better of both scores counts, as later stages train.
        max_drop: Largest allowed difference.
        at_the_end: The same after the last stage, for the message.
        left: Kinds of the stages that follow.

    Raises:
        MismatchError: It fell further.
    """
    scored = [
        (name, then, now.float_score or 0.0, now.score or 0.0)
        for name, then, now in _outputs(before, after)
    ] or [
        (score_name(after.quality), before.float_accuracy, after.float_accuracy,
         after.int8_accuracy)
    ]  # fmt: skip
    fallen = [
        f"the {name} is {max(in_float, now):.4f} (float {in_float:.4f}, {after.activations}"
        f" {now:.4f}), the float model's was {then:.4f}"
        for name, then, in_float, now in scored
        if max(in_float, now) < then - max_drop
    ]
    if not fallen:
        return
    raise MismatchError(
        f"after {after.stage} {'; '.join(fallen)}; allowed: a drop of {max_drop:g} on the way and"
        f" of {at_the_end:g} at the end. Not run: {', '.join(left)}",
        hint="train this stage longer (fine_tune.epochs), let it compress less, raise"
        " limits.max_stage_drop, or go on all the same with --keep-going; what is finished is kept",
    )


def _where_it_falls(after: StageScore, layers: Sequence[LayerAgreement]) -> str:
    known = [(layer.snr_db, layer) for layer in layers if layer.snr_db is not None]
    if not known:
        return ""
    text = f". The float model after {after.stage} has {after.float_accuracy:.4f}"
    first = next((layer for snr, layer in known if snr < LEAST_AGREEMENT_DB), None)
    if first is not None:
        return (
            f"{text}; the first layer whose {after.activations} output diverges from it is"
            f" {first.name!r} ({first.op}): {first.snr_db:.1f} dB, below {LEAST_AGREEMENT_DB:g} dB"
        )
    snr, worst = min(known, key=lambda item: item[0])
    return (
        f"{text}; no layer's {after.activations} output diverges from it (the worst is"
        f" {worst.name!r} ({worst.op}): {snr:.1f} dB), so the stages lost it rather than the"
        f" rounding to {after.activations}"
    )
