"""The board's clock against the host's: found when it is off, and never when it is not."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinycompress.artifacts import ClockCheck
from tinycompress.measurement.clock import TimedRuns, agrees, check_clock, clock_note

FILE_HZ = 64_000_000


@dataclass
class Bench:
    """A board and the line to it, with every duration in seconds known.

    ``true_hz`` is what its counter really counts at. A request costs ``overhead_s``, ten bits of
    the line for each byte of ticks, and up to ``jitter_s`` that the host adds at random.
    """

    true_hz: float = FILE_HZ
    run_ticks: int = 640_000
    overhead_s: float = 0.004
    jitter_s: float = 0.001
    baud: int | None = 115_200
    seed: int = 1
    counts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def run(self, count: int) -> TimedRuns:
        self.counts.append(count)
        ticks = self.run_ticks * count
        line_s = 0.0 if self.baud is None else 4 * count * 10 / self.baud
        noise_s = self.jitter_s * self.random.random()
        return TimedRuns(ticks, ticks / self.true_hz + self.overhead_s + line_s + noise_s)

    def check(self) -> ClockCheck | None:
        return check_clock(self.run, ticks_hz=FILE_HZ, reply_baud=self.baud)


# The noise is a matter of chance, and so is what can be told of it: the same cases every time.
@settings(derandomize=True, max_examples=300)
@given(
    st.sampled_from([0.25, 0.5, 0.9, 1.0, 1.06, 2.0, 4.0]), st.floats(0.0003, 3.0),
    st.floats(0, 0.05), st.integers(0, 999), st.sampled_from([None, 115_200, 1_000_000]),
)  # fmt: skip
def test_finds_the_true_clock(
    factor: float, run_s: float, overhead_s: float, seed: int, baud: int | None
) -> None:
    bench = Bench(
        true_hz=FILE_HZ * factor, run_ticks=round(run_s * FILE_HZ), overhead_s=overhead_s,
        jitter_s=0.0004, seed=seed, baud=baud,
    )  # fmt: skip
    check = bench.check()
    if check is None:
        assert run_s < 0.02  # nothing is claimed of a model that is over in no time
        return
    error = abs(check.measured_hz / bench.true_hz - 1)
    assert error < max(0.01, 3 * check.uncertainty)
    if factor == 1.0:
        assert agrees(check)
    elif check.uncertainty < 0.01:
        assert not agrees(check)


def test_line_is_not_taken_for_the_board() -> None:
    slow_line = Bench(baud=9600, run_ticks=64_000, jitter_s=0.0)
    check = slow_line.check()
    assert check is not None
    assert check.measured_hz == pytest.approx(FILE_HZ, rel=1e-6)


def test_restless_host_claims_nothing() -> None:
    assert Bench(run_ticks=64_000, jitter_s=0.5).check() is None


def test_fast_model_claims_nothing_and_costs_one_request() -> None:
    bench = Bench(run_ticks=640)
    assert bench.check() is None
    assert bench.counts == [1]


def test_slow_model_is_not_run_more_than_needed() -> None:
    bench = Bench(run_ticks=3 * FILE_HZ)
    assert bench.check() is not None
    assert sum(bench.counts) == 7


def test_counter_that_stands_still() -> None:
    assert Bench(run_ticks=0).check() is None


def test_note_only_of_a_clock_that_is_off() -> None:
    good = ClockCheck(FILE_HZ, FILE_HZ * 1.015, 0.001)
    assert clock_note(good) is None
    bad = replace(good, measured_hz=16_000_000.0)
    note = clock_note(bad)
    assert note is not None
    assert "runs at 16 MHz by the host's clock, not at the 64 MHz" in note
    # Within twice the uncertainty nothing is said.
    assert clock_note(ClockCheck(FILE_HZ, FILE_HZ * 1.09, 0.05)) is None
