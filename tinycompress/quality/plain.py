"""Qualities and agreements as plain values for JSON, and as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from tinycompress._console import printable
from tinycompress.artifacts import ChannelAgreement, OutputAgreement, OutputQuality
from tinycompress.quality.judging import score_text
from tinycompress.quality.ranges import where_of

_MOST_PARTS = 8
_ALIKE_DB = 3.0


def quality_json(one: OutputQuality) -> dict[str, Any]:
    """One output of ``quality`` in a result; ``score_name`` says what ``score`` is."""
    told = asdict(one)
    return {
        "output": told.pop("name"),
        **told,
        "confusion": None if one.confusion is None else [list(row) for row in one.confusion],
        "class_names": None if one.class_names is None else list(one.class_names),
        "per_class": [asdict(each) for each in one.per_class],
        "channels": [asdict(each) for each in one.channels],
        "float_channels": [asdict(each) for each in one.float_channels],
    }


def quality_from_json(value: Mapping[str, Any]) -> OutputQuality:
    """The inverse of `quality_json`, also after a way through JSON."""
    fields = dict(value)
    return OutputQuality.from_json({"name": fields.pop("output"), **fields})


def agreement_json(one: OutputAgreement) -> dict[str, Any]:
    """One output of ``agreement``; a ratio without any noise is null with ``equal`` true."""
    return {
        "output": one.name,
        "index": one.index,
        "samples": one.samples,
        "equal": one.equal,
        "snr_db": one.snr_db if isfinite(one.snr_db) else None,
        "clipped": one.clipped,
        "channels": [
            {**asdict(each), "snr_db": each.snr_db if isfinite(each.snr_db) else None}
            for each in one.channels
        ],
    }


def quality_lines(
    found: Sequence[OutputQuality], activations: str, *, several: bool = False
) -> Iterator[str]:
    """Every score with its name, of the float model and of the file; errors below it.

    Args:
        found: Qualities.
        activations: What the file works on, such as int8.
        several: Whether the model has several outputs, so that each is named.
    """
    for one in found:
        where = f" of output {one.index} ({printable(one.name)})" if several else ""
        yield f"{one.score_name}{where}: " + _beside(
            activations, score_text(one, one.float_score), score_text(one, one.score)
        )
        if one.mean_absolute_error is not None:
            beside = _beside(
                activations, _number(one.float_mean_absolute_error),
                _number(one.mean_absolute_error),
            )  # fmt: skip
            of = (
                "between input and output"
                if one.kind == "reconstruction"
                else "in the unit of the labels"
            )
            yield f"mean absolute error{where}: {beside} {of}"
        if one.mean_iou is not None:
            yield f"mean IoU{where}: {activations} {one.mean_iou:.4f}"


def agreement_lines(
    found: Sequence[OutputAgreement], activations: str, *, several: bool = False
) -> Iterator[str]:
    """Every output's signal-to-noise ratio, and that of its parts where these differ."""
    for one in found:
        where = f" of output {one.index} ({printable(one.name)})" if several else ""
        yield (
            f"signal to noise{where}: {_ratio(one.snr_db)}, {activations} against float on"
            f" {one.samples} samples{_parts(one.channels)}"
        )


def _parts(channels: Sequence[ChannelAgreement]) -> str:
    """Runs of channels that are about alike; nothing where all are, or there are very many runs."""
    runs: list[tuple[int, int, float]] = []
    for number, each in enumerate(channels):
        if runs and _alike(runs[-1][2], each.snr_db):
            first, _, worst = runs[-1]
            runs[-1] = (first, number, min(worst, each.snr_db))
        else:
            runs.append((number, number, each.snr_db))
    if not 1 < len(runs) <= _MOST_PARTS:
        return ""
    told = (f"{where_of(first, last)} {_ratio(worst)}" for first, last, worst in runs)
    return f" ({', '.join(told)})"


def _alike(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= _ALIKE_DB


def ratio_text(snr_db: float) -> str:
    """A signal-to-noise ratio in dB, without its unit."""
    return f"{snr_db:.1f}" if isfinite(snr_db) else "equal"


def _ratio(snr_db: float) -> str:
    return f"{ratio_text(snr_db)} dB" if isfinite(snr_db) else ratio_text(snr_db)


def _beside(activations: str, in_float: str, in_integers: str) -> str:
    told = "" if in_float == "-" else f"float {in_float}, "
    return f"{told}{activations} {in_integers}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
