"""Checking a board's clock against the host's.

A board whose oscillator or PLL is not what its file says still counts cycles rightly, but every
time made of them is wrong. The host times RUN requests of one run and of many: what they share
(the line, the operating system, the protocol) drops out of the difference.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from tinycompress.artifacts import ClockCheck
from tinycompress.measurement.protocol.messages import MAX_RUNS_PER_REQUEST

_WANTED_S = 0.5
_LEAST_S = 0.002
_REQUESTS = 7
_REQUESTS_WHEN_SLOW = 2
_SLOW_S = 0.1
_USELESS = 0.1
_ALLOWED = 0.02
_TICKS_BYTES = 4
_BITS_PER_BYTE = 10  # 8N1: start and stop bit


@dataclass(frozen=True)
class TimedRuns:
    """One RUN request: the ticks of all its runs, and the host's seconds from sending to reply."""

    ticks: int
    elapsed_s: float


def check_clock(
    run: Callable[[int], TimedRuns], *, ticks_hz: int, reply_baud: int | None
) -> ClockCheck | None:
    """Frequency of the tick counter by the host's clock.

    Args:
        run: Carries out one RUN request of so many runs.
        ticks_hz: What the device says of its counter.
        reply_baud: Speed of the line that replies come over; None where it makes no difference
            (USB).

    Returns:
        None if the model is too fast, or the host too busy, to tell within ten per cent.
    """
    one_s = run(1).ticks / ticks_hz
    count = min(MAX_RUNS_PER_REQUEST, max(2, math.ceil(_WANTED_S / max(one_s, 1e-9))))
    if one_s * (count - 1) < _LEAST_S:
        return None
    requests = _REQUESTS if one_s < _SLOW_S else _REQUESTS_WHEN_SLOW
    few = [run(1) for _ in range(requests)]
    many = [run(count) for _ in range(requests)]
    line_s = 0.0
    if reply_baud is not None:
        line_s = (count - 1) * _TICKS_BYTES * _BITS_PER_BYTE / reply_baud
    # Whatever disturbs a request makes it longer: the shortest is the least disturbed.
    quickest_few = min(few, key=lambda one: one.elapsed_s)
    quickest_many = min(many, key=lambda one: one.elapsed_s)
    elapsed_s = quickest_many.elapsed_s - quickest_few.elapsed_s - line_s
    if elapsed_s <= 0:
        return None
    uncertainty = (_unrest_s(few) + _unrest_s(many)) / elapsed_s
    if uncertainty > _USELESS:
        return None
    measured_hz = (quickest_many.ticks - quickest_few.ticks) / elapsed_s
    return ClockCheck(float(ticks_hz), measured_hz, uncertainty)


def agrees(check: ClockCheck) -> bool:
    """Whether the measured frequency is the expected one, as far as can be told."""
    return abs(check.measured_hz / check.expected_hz - 1) <= max(_ALLOWED, 2 * check.uncertainty)


def clock_note(check: ClockCheck) -> str | None:
    """What to tell of a clock that is off; None of one that agrees."""
    if agrees(check):
        return None
    return (
        f"the tick counter runs at {check.measured_hz / 1e6:.4g} MHz by the host's clock, not at "
        f"the {check.expected_hz / 1e6:.4g} MHz of the board file: all times here are wrong by "
        f"that factor (cycles are right)"
    )


def _unrest_s(requests: list[TimedRuns]) -> float:
    times = [one.elapsed_s for one in requests]
    return statistics.median(times) - min(times)
