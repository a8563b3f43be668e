"""How much less good an integer file is than its float model, and a limit on that.

Of a regression every channel counts by itself, too: boxes of 0..640 in one output with scores of
0..1 have all of its variance, so that its R² hides what becomes of the scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tinycompress.artifacts import OutputQuality
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.quality.judging import Judgement, score_text
from tinycompress.quality.ranges import where_of

_MOST_TOLD = 4


@dataclass(frozen=True)
class Drop:
    """The score of an output, or of a channel of it, in float and in integers.

    ``is_share`` says that it counts samples.
    """

    what: str
    in_float: str
    in_integers: str
    points: float
    is_share: bool

    @property
    def amount(self) -> str:
        """How much that is, in words."""
        return f"{100 * self.points:.2f} points" if self.is_share else f"{self.points:.4f}"


def drops_of(one: OutputQuality) -> Iterator[Drop]:
    """What an output lost, and each of its channels where that lost more; gains are negative."""
    if one.score is None or one.float_score is None:
        return
    yield Drop(
        f"{one.score_name} of output '{one.name}'", score_text(one, one.float_score),
        score_text(one, one.score), one.float_score - one.score, one.kind == "classes",
    )  # fmt: skip
    yield from channel_drops(one)


def channel_drops(one: OutputQuality) -> Iterator[Drop]:
    """What channels of an output lost, of which each lost more than the output as a whole."""
    if one.score is None or one.float_score is None:
        return
    if len(one.channels) != len(one.float_channels):
        return
    for place, (now, then) in enumerate(zip(one.channels, one.float_channels, strict=True)):
        # Of a channel that float does not tell either there is nothing to lose.
        if now.r2 is None or then.r2 is None or then.r2 <= 0:
            continue
        if then.r2 - now.r2 > one.float_score - one.score:
            yield Drop(
                f"R² of {where_of(place, place)} of output '{one.name}'", f"{then.r2:.4f}",
                f"{now.r2:.4f}", then.r2 - now.r2, False,
            )  # fmt: skip


def beside_float(
    now: Sequence[OutputQuality], then: Sequence[OutputQuality]
) -> tuple[OutputQuality, ...]:
    """Qualities of a file beside the float scores that another model's have, output by output.

    Args:
        now: Of the file.
        then: Of the model that it is held against, such as that before compression.
    """
    known = {one.index: one for one in then}
    return tuple(
        replace(
            one,
            float_score=known[one.index].float_score,
            float_channels=known[one.index].float_channels,
        )
        for one in now
        if one.index in known
    )


def largest_drop(quality: Sequence[OutputQuality]) -> float | None:
    """What the worst output, or channel of one, lost of its score in float; a gain is negative.

    None where no output has a score of both.
    """
    return max((drop.points for one in quality for drop in drops_of(one)), default=None)


def least_score(quality: Sequence[OutputQuality], *, in_float: bool = False) -> float | None:
    """The score of the worst output; None where none has one."""
    scores = (one.float_score if in_float else one.score for one in quality)
    return min((score for score in scores if score is not None), default=None)


def fallen_further(quality: Sequence[OutputQuality], most: float) -> list[Drop]:
    """What is below the float model's by more than ``most``."""
    return [drop for one in quality for drop in drops_of(one) if drop.points > most]


def drop_warnings(
    quality: Sequence[OutputQuality], least: float, activations: str, samples: int
) -> Iterator[str]:
    """A warning for every score that fell by more than ``least``."""
    fallen = fallen_further(quality, least)
    for drop in fallen[:_MOST_TOLD]:
        yield (
            f"{activations} {drop.what} is {drop.in_integers}, {drop.amount} below float's"
            f" {drop.in_float} on {samples} samples: check the calibration samples, or train"
            " quantisation-aware"
        )
    if len(fallen) > _MOST_TOLD:
        more = len(fallen) - _MOST_TOLD
        yield f"{more} more scores are below float's by more than {least:g}; --json has all"


def require_drop(found: Judgement, most: float, activations: str) -> None:
    """Refuse a file that lost more than is allowed in the score of any output.

    Args:
        found: How good it is beside its float model.
        most: Largest drop of a score, 0 to 1.
        activations: What the file works on, such as int8.

    Raises:
        ConfigError: No output has a score of both.
        MismatchError: An output, or a channel of it, fell further; names each.
    """
    if not any(True for one in found.quality for _ in drops_of(one)):
        why = next((text for text in found.warnings if text.startswith("no ")), "no score")
        raise ConfigError(
            f"max_accuracy_drop has nothing to compare: {why}",
            hint="name samples with labels that fit the outputs: --val val.npz",
        )
    fallen = fallen_further(found.quality, most)
    if fallen:
        lines = (
            f"{drop.what}: float {drop.in_float}, {activations} {drop.in_integers}: a drop of"
            f" {drop.amount}"
            for drop in fallen
        )
        allowed = f"max_accuracy_drop = {most:g}, which is {100 * most:g} points of an accuracy"
        raise MismatchError(
            "\n  - ".join((f"the {activations} file lost more than {allowed}", *lines)),
            hint="more, or more typical, calibration samples; --activations int16; train for int8"
            " (docs/compression.md); `inspect --compare` names the first layer that diverges",
        )
