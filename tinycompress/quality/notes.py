"""What is doubtful about qualities: answers that are no better than a guess."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinycompress.artifacts import OutputQuality
from tinycompress.quality.ranges import runs_of, where_of

_NO_BETTER = "are samples and labels scaled as for training?"


def chance_notes(found: Sequence[OutputQuality], *, of: str = "") -> tuple[str, ...]:
    """A note on every output that is no better than an answer that ignores the samples.

    Args:
        found: Qualities.
        of: Whose answers they are, such as ``float``.
    """
    whose = f"{of} " if of else ""
    return tuple(note for one in found for note in _notes(one, whose))


def _notes(one: OutputQuality, whose: str) -> Iterator[str]:
    if one.score is None:
        if one.kind in ("regression", "reconstruction"):
            yield f"no R² of output '{one.name}': all its labels are the same"
        return
    if one.chance is not None and one.score <= one.chance:
        yield (
            f"the {whose}{one.score_name} of output '{one.name}', {one.score:.2%}, is no better"
            f" than chance ({one.chance:.2%} without a look at the samples): are the samples scaled"
            " as for training, and the labels in the order of the model's classes?"
        )
    if one.kind == "regression" and one.score <= 0:
        yield (
            f"{whose}R² of output '{one.name}', {one.score:.3f}, is no better than always saying"
            f" the mean of the labels: {_NO_BETTER}"
        )
    elif one.channels:
        yield from _channel_notes(one, whose)
    if one.score_name == "AUC of the reconstruction error" and one.score <= _COIN:
        yield (
            f"the {whose}{one.score_name} of output '{one.name}', {one.score:.3f}, is no better"
            " than a coin: are the samples scaled as for training, and is y 1 for anomalies?"
        )


_COIN = 0.5


def _channel_notes(one: OutputQuality, whose: str) -> Iterator[str]:
    useless = [each.r2 is not None and each.r2 <= 0 for each in one.channels]
    for first, last in runs_of(useless):
        verb = "is" if first == last else "are"
        yield (
            f"{whose}{where_of(first, last)} of output '{one.name}' {verb} no better than always"
            " saying the mean of the labels (R² of 0 or less): do they lack steps of the output's"
            " range? `inspect --compare` shows what int8 loses"
        )
