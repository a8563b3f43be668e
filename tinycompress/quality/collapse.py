"""Values of an output that collapse to a few integers, or that its integers do not reach.

A file can be fully integer, run, and say nothing any more: scores of 0..1 beside boxes of 0..640
share one scale, a tensor on the way to an output has no steps for what matters, or a range that was
calibrated or trained too narrow clips what the float model says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ChannelAgreement, OutputAgreement, TensorSpec
from tinycompress.ir.graph import Graph
from tinycompress.quality.ranges import runs_of, where_of
from tinycompress.quality.signal import LEAST_AGREEMENT_DB, clipped_share, reach_of

Array = npt.NDArray[Any]

_FEW_STEPS = 4
_LOST_SHARE = 4
"""A channel that uses less than one of so many integers that its values are has collapsed."""
_CLIPPED = 0.01
_ONE_RANGE = frozenset({"SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "TANH", "ARG_MAX", "ARG_MIN"})
"""Their values mean one thing, and a class that no sample shows is no loss."""


def has_one_range(graph: Graph, index: int) -> bool:
    """Whether all values of an output mean one thing, so that a narrow part of it is no loss."""
    made_by = {op.kind for op in graph.ops if graph.outputs[index] in op.outputs}
    return bool(made_by & _ONE_RANGE)


def collapse_warnings(
    found: OutputAgreement, spec: TensorSpec, *, one_range: bool = False
) -> tuple[str, ...]:
    """What an integer output loses of what the float model says, and what to do about it.

    Args:
        found: How it agrees with the float model's.
        spec: The output of the file.
        one_range: See `has_one_range`.
    """
    if reach_of(spec) is None or not spec.scale:
        return ()
    narrow = [False] * len(found.channels)
    if len(found.channels) > 1 and not one_range:
        spread = np.asarray([one.high - one.low for one in found.channels])
        # What never changes has nothing to lose.
        narrow = [bool(each) for each in (spread > 0) & (spread < _FEW_STEPS * spec.scale)]
    lost = [
        not few and _has_collapsed(one) for few, one in zip(narrow, found.channels, strict=True)
    ]
    warnings = [*_narrow_runs(found, spec, narrow), *_lost_runs(found, spec, lost)]
    if found.clipped > _CLIPPED:
        warnings.append(_clipped(spec, found.clipped, _bounds(found), "the float model's"))
    elif not warnings and found.snr_db < LEAST_AGREEMENT_DB and _varies(found, spec):
        warnings.append(
            f"output '{spec.name}' has a signal-to-noise ratio of {found.snr_db:.1f} dB against the"
            f" float model's on {found.samples} samples; below {LEAST_AGREEMENT_DB:g} dB values"
            " diverge: `inspect --compare` names the first layer that does; more calibration"
            " samples, --activations int16 or training for int8 help"
        )
    return tuple(warnings)


def label_warnings(wanted: Array, spec: TensorSpec) -> tuple[str, ...]:
    """What an integer output cannot say of the labels that it has, whatever model it is of.

    Args:
        wanted: Labels of a regression, of the shape (n, elements).
        spec: The output of the file.
    """
    share = clipped_share(wanted, spec)
    if share <= _CLIPPED:
        return ()
    return (_clipped(spec, share, (float(wanted.min()), float(wanted.max())), "the labels'"),)


def _has_collapsed(one: ChannelAgreement) -> bool:
    return one.float_values >= _FEW_STEPS and one.used_values * _LOST_SHARE <= one.float_values


def _varies(found: OutputAgreement, spec: TensorSpec) -> bool:
    return not found.channels or any(one.high - one.low > spec.scale for one in found.channels)


def _narrow_runs(found: OutputAgreement, spec: TensorSpec, narrow: Sequence[bool]) -> Iterator[str]:
    for first, last in runs_of(narrow):
        run = found.channels[first : last + 1]
        steps = int(max(one.high - one.low for one in run) / spec.scale)
        left = f"they have {steps + 1} steps at most" if steps else "they are lost"
        yield (
            f"{where_of(first, last)} of output '{spec.name}' never left"
            f" {min(one.low for one in run):.3g} .. {max(one.high for one in run):.3g} on the"
            f" samples, and one step of the {spec.dtype} output is {spec.scale:.3g}: {left}; give"
            f" them an output of their own, or scale them to the range of the others"
            f"{_or_int16(spec)}"
        )


def _lost_runs(found: OutputAgreement, spec: TensorSpec, lost: Sequence[bool]) -> Iterator[str]:
    for first, last in runs_of(lost):
        run = found.channels[first : last + 1]
        where = where_of(first, last)
        whole = len(run) == len(found.channels)
        used, wanted = max(one.used_values for one in run), max(one.float_values for one in run)
        yield (
            f"{'' if whole else f'{where} of '}output '{spec.name}' collapsed: {used} different"
            f" {spec.dtype} {'value' if used == 1 else 'values'} on {found.samples} samples where"
            f" the float model's are {wanted}: a tensor before it has no steps for them; separate"
            f" what differs in range before it is joined, add calibration samples"
            f"{_or_int16(spec)}"
        )


def _or_int16(spec: TensorSpec) -> str:
    return ", or use --activations int16" if spec.dtype in ("int8", "uint8") else ""


def _bounds(found: OutputAgreement) -> tuple[float, float] | None:
    if not found.channels:
        return None
    return min(one.low for one in found.channels), max(one.high for one in found.channels)


def _clipped(spec: TensorSpec, share: float, bounds: tuple[float, float] | None, whose: str) -> str:
    reach = reach_of(spec)
    assert reach is not None, "asked of integer outputs alone"
    theirs = "" if bounds is None else f" ({bounds[0]:.4g} to {bounds[1]:.4g})"
    return (
        f"output '{spec.name}' saturates: {share:.1%} of {whose} values{theirs} are beyond the"
        f" {reach[0]:.4g} to {reach[1]:.4g} that its {spec.dtype} values reach: calibrate, or train"
        " for int8, with samples that show the whole range, or scale the output down"
    )
