"""A limit on how much less good an integer file may be than its float model."""

from __future__ import annotations

from collections.abc import Sequence

from tinycompress.artifacts import OutputQuality
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.quality.judging import Judgement, drop_of, score_text


def require_drop(found: Judgement, most: float, activations: str) -> None:
    """Refuse a file that lost more than is allowed in the score of any output.

    Args:
        found: How good it is beside its float model.
        most: Largest drop of a score, 0 to 1.
        activations: What the file works on, such as int8.

    Raises:
        ConfigError: No output has a score of both.
        MismatchError: An output fell further; names each.
    """
    known = [one for one in found.quality if drop_of(one) is not None]
    if not known:
        why = next((text for text in found.warnings if text.startswith("no ")), "no score")
        raise ConfigError(
            f"max_accuracy_drop has nothing to compare: {why}",
            hint="name samples with labels that fit the outputs: --val val.npz",
        )
    fallen = fallen_further(known, most)
    if fallen:
        raise MismatchError(
            "\n  - ".join(
                (
                    f"the {activations} file lost more than {drop_text(most)}",
                    *(fallen_text(one, activations) for one in fallen),
                )
            ),
            hint="more, or more typical, calibration samples; --activations int16; train for int8"
            " (docs/compression.md); `inspect --compare` names the first layer that diverges",
        )


def fallen_further(quality: Sequence[OutputQuality], most: float) -> list[OutputQuality]:
    """Outputs whose score is below the float model's by more than ``most``."""
    return [one for one in quality if (drop := drop_of(one)) is not None and drop > most]


def drop_text(most: float) -> str:
    """A largest drop, in words for either kind of score."""
    return f"max_accuracy_drop = {most:g} ({100 * most:g} points of a share)"


def fallen_text(one: OutputQuality, activations: str) -> str:
    """By how much an output fell, and what was compared."""
    drop = drop_of(one) or 0.0
    amount = f"{100 * drop:.2f} points" if one.kind == "classes" else f"{drop:.4f}"
    return (
        f"output '{one.name}': {one.score_name} float {score_text(one, one.float_score)},"
        f" {activations} {score_text(one, one.score)}: a drop of {amount}"
    )
