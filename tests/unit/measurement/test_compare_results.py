"""Two results beside each other: what is a change, what is for the worse, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.results import BENCHED, ODD, bundle, compression, measured, stage_row

import tinycompress
from tinycompress.artifacts import BenchResult, FlashSizes, LayerCost, OutputQuality, Spread
from tinycompress.errors import ConfigError, RegressionError
from tinycompress.measurement.differences import (
    Difference,
    ResultComparison,
    require_no_regression,
)


def compared(
    tmp_path: Path, a: BenchResult, b: BenchResult, limit: float | None = None, **more: bool
) -> ResultComparison:
    first, second = bundle(tmp_path / "a", a), bundle(tmp_path / "b", b)
    return tinycompress.compare(first, second, max_regression=limit, **more)


def figure(found: ResultComparison, name: str) -> Difference:
    (one,) = [each for each in found.figures if each.figure.name == name]
    return one


def slower(us: float) -> BenchResult:
    return replace(BENCHED, latency_us=Spread(us, us, us, "emulated"))


def test_equal_results_do_not_differ(tmp_path: Path) -> None:
    found = compared(tmp_path, BENCHED, BENCHED, 0.0, parts=True)
    assert {one.verdict for one in found.figures} == {"equal"}
    assert len(found.figures) == 19
    assert (found.regressions, found.differing_facts, found.notes) == ((), (), ())


def test_emulated_figures_change_by_any_difference(tmp_path: Path) -> None:
    one = figure(compared(tmp_path, BENCHED, slower(2000.5)), "latency.us")
    assert (one.verdict, one.absolute, one.significant) == ("worse", 0.5, True)
    assert one.relative == pytest.approx(0.00025)


@pytest.mark.parametrize(
    ("us", "spread_us", "verdict"),
    [
        (2019.0, 20.0, "within_spread"),
        (2021.0, 20.0, "worse"),
        (1979.0, 20.0, "better"),
        (2021.0, 50.0, "within_spread"),
        (2051.0, 50.0, "worse"),
    ],
)
def test_measured_figures_change_by_more_than_the_spread(
    tmp_path: Path, us: float, spread_us: float, verdict: str
) -> None:
    one = figure(compared(tmp_path, measured(), measured(us, spread_us)), "latency.us")
    assert one.verdict == verdict


def test_the_limit_is_held_against_totals(tmp_path: Path) -> None:
    found = compared(tmp_path, BENCHED, slower(2050.0), 0.02)
    ((where, one),) = found.regressions
    assert (where, one.figure.name) == ("", "latency.us")
    with pytest.raises(RegressionError) as caught:
        require_no_regression(found)
    assert caught.value.exit_code == 9
    assert caught.value.regressions == ("latency: 2,000 us -> 2,050 us (+50 us, +2.5 %)",)
    require_no_regression(replace(found, limit=0.025))
    require_no_regression(replace(found, limit=None))


def test_parts_are_held_to_it_on_demand(tmp_path: Path) -> None:
    layers = (LayerCost("conv", "CONV_2D", 30_000, 80_000, 120_000), BENCHED.layers[1])
    other = replace(BENCHED, layers=layers, flash=FlashSizes(4616, 3908, 8113, 1467))
    assert compared(tmp_path, BENCHED, other, 0.02).regressions == ()
    again = tinycompress.compare(tmp_path / "a", tmp_path / "b", max_regression=0.02, parts=True)
    names = [(where, one.figure.name) for where, one in again.regressions]
    assert names == [("", "flash.kernels_bytes"), ("conv", "cycles")]


def test_accuracy_is_held_in_percentage_points(tmp_path: Path) -> None:
    def accurate(share: float) -> BenchResult:
        return replace(
            BENCHED, quality=(OutputQuality(0, "out", "classes", share, "accuracy", share, 0.1),)
        )

    found = compared(tmp_path, BENCHED, accurate(0.957), 0.02)
    one = figure(found, "quality[0].score")
    assert (one.verdict, one.relative, found.regressions) == ("worse", None, ())
    assert one.absolute == pytest.approx(-0.018)
    found = compared(tmp_path, BENCHED, accurate(0.95), 0.02)
    assert [one.figure.label for _, one in found.regressions] == ["accuracy"]
    assert figure(compared(tmp_path, BENCHED, accurate(0.98)), one.figure.name).verdict == "better"


def test_a_sample_unlike_the_oracle_is_worse_whatever_the_limit(tmp_path: Path) -> None:
    found = compared(tmp_path, BENCHED, replace(BENCHED, mismatched_samples=1), 10.0)
    assert [one.figure.name for _, one in found.regressions] == ["exact.mismatched_samples"]
    silent = replace(BENCHED, mismatched_samples=None, not_compared="it has an operator")
    with pytest.raises(RegressionError, match="unlike oracle: 0 in A, not told in B"):
        require_no_regression(compared(tmp_path, BENCHED, silent, 10.0))


def test_what_does_not_fit_any_more_is_worse(tmp_path: Path) -> None:
    found = compared(tmp_path, BENCHED, replace(BENCHED, fits=False), 10.0)
    with pytest.raises(RegressionError, match="fits: yes -> no"):
        require_no_regression(found)


def test_figures_got_in_two_ways_are_held_to_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, BENCHED, replace(measured(9000.0), cycles=BENCHED.cycles), 0.02)
    one = figure(found, "latency.us")
    assert (one.verdict, one.significant) == ("other_way", None)
    assert "latency.us" not in [each.figure.name for _, each in found.regressions]


def test_layers_are_matched_by_their_names(tmp_path: Path) -> None:
    twice = LayerCost("conv", "CONV_2D", 1, 2, 3)
    other = replace(BENCHED, layers=(BENCHED.layers[1], BENCHED.layers[0], twice))
    rows = compared(tmp_path, BENCHED, other).rows
    assert [(row.name, row.number, row.kind_a, row.kind_b) for row in rows] == [
        ("conv", 0, "CONV_2D", "CONV_2D"),
        (ODD, 0, "SOFTMAX", "SOFTMAX"),
        ("conv", 1, None, "CONV_2D"),
    ]
    assert {one.verdict for row in rows[:2] for one in row.figures} == {"equal"}
    assert {one.verdict for one in rows[2].figures} == {"only_b"}


def test_facts_that_differ_and_other_samples_are_told(tmp_path: Path) -> None:
    other = replace(BENCHED, engine="tflm", samples_sha256="b" * 64)
    found = compared(tmp_path, BENCHED, other)
    assert found.differing_facts == (("engine", "aot", "tflm"),)
    assert "other samples" in found.notes[0]


def test_one_run_of_a_real_board_is_told(tmp_path: Path) -> None:
    found = compared(tmp_path, measured(), replace(measured(3000.0, 0), runs=1), 0.02)
    assert found.notes == (
        "B was timed once: what its times differ by is not known (bench --runs)",
    )
    assert [one.figure.name for _, one in found.regressions] == ["latency.us"]


def test_results_of_two_models_are_refused(tmp_path: Path) -> None:
    other = replace(BENCHED, model_sha256="6" * 64)
    with pytest.raises(ConfigError, match=r"are of two models: .*a is of the model 5{12}"):
        compared(tmp_path, BENCHED, other)
    found = tinycompress.compare(tmp_path / "a", tmp_path / "b", other_model=True)
    assert (found.same_model, found.notes) == (False, ("the results are of two models",))


def test_results_of_two_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a result of bench, .* one of compress"):
        tinycompress.compare(bundle(tmp_path / "a"), compression(tmp_path / "b"))


def test_an_edited_result_is_refused(tmp_path: Path) -> None:
    made = bundle(tmp_path / "a")
    (made / "summary.json").write_text(
        (made / "summary.json").read_text().replace('"fits": true', '"fits": false')
    )
    with pytest.raises(ConfigError, match="edited or cut"):
        tinycompress.compare(made, made)


def test_a_limit_below_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="allowed: 0 or more"):
        compared(tmp_path, BENCHED, BENCHED, -0.1)


def test_compressions_are_compared_by_their_last_stages(tmp_path: Path) -> None:
    dense = stage_row(0, "convert", b"dense")
    a = compression(tmp_path / "a", dense, stage_row(1, "prune", b"p"), last=b"p")
    b = compression(
        tmp_path / "b", dense, stage_row(1, "prune", b"p"),
        stage_row(2, "cluster", b"c", int8_accuracy=0.9), last=b"c",
    )  # fmt: skip
    found = tinycompress.compare(a, b, max_regression=0.02)
    assert [(one.figure.name, one.verdict) for _, one in found.regressions] == [
        ("int8_accuracy", "worse")
    ]
    assert figure(found, "figures.flash_bytes").absolute == -1000
    assert [row.name for row in found.rows] == ["0: convert", "1: prune", "2: cluster"]
    assert {one.verdict for one in found.rows[1].figures} == {"equal"}


def test_compressions_of_two_models_are_refused(tmp_path: Path) -> None:
    a = compression(tmp_path / "a")
    b = compression(tmp_path / "b", stage_row(0, "convert", b"pruned"))
    with pytest.raises(ConfigError, match="two models, before compression"):
        tinycompress.compare(a, b)


@pytest.mark.parametrize(("cycles", "verdict"), [(100_900, "within_spread"), (101_100, "worse")])
def test_layers_of_a_real_board_have_the_spread_of_the_whole(
    tmp_path: Path, cycles: int, verdict: str
) -> None:
    """A layer is measured once; the whole differs by 1 %."""
    real = measured(2000.0, 20.0)
    a = replace(real, layers=(LayerCost("conv", "CONV_2D", 30_000, None, 100_000),))
    b = replace(real, layers=(LayerCost("conv", "CONV_2D", 30_000, None, cycles),))
    (row,) = compared(tmp_path, a, b, 0.0, parts=True).rows
    assert {one.figure.name: one.verdict for one in row.figures}["cycles"] == verdict
