"""The results on real data: targets are judged right, and the page says what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.results import samples
from benchmarks.results.deep_compression import side_by_side
from benchmarks.results.experiments import EXPERIMENTS, Experiment
from benchmarks.results.page import results_page
from benchmarks.results.run import RECIPES
from benchmarks.results.targets import (
    below_float,
    encoded_to,
    float_within,
    int8_within,
    slower_by,
    smaller,
)
from tinycompress.compression.run.recipe import load_recipe, parse_recipe
from tinycompress.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]


def rows(**last: Any) -> list[dict[str, Any]]:
    first = {
        "stage": "original", "float_accuracy": 0.99, "int8_accuracy": 0.98, "parameters": 1200,
        "nonzero_parameters": 1200, "macs": 1000, "figures": {"latency_us": 900.0},
    }  # fmt: skip
    return [first, {**first, "stage": "qat", **last}]


@pytest.mark.parametrize(("accuracy", "met"), [(0.985, True), (0.9849, False), (0.995, True)])
def test_accuracy_is_judged_against_the_float_reference(accuracy: float, met: bool) -> None:
    int8 = int8_within("r", "qat", 0.5, "text").verdict(rows(int8_accuracy=accuracy))
    assert int8["met"] is met
    in_float = float_within("r", "qat", 0.5, "text").verdict(rows(float_accuracy=accuracy))
    assert in_float["met"] is met
    assert f"error {100 * (1 - accuracy):.2f} %, dense 1.00 %" in int8["measured"]


def test_a_figure_without_a_limit_has_no_verdict() -> None:
    verdict = float_within("r", "original", None, "text").verdict(rows())
    assert verdict["met"] is None
    assert verdict["measured"] == "error 1.00 %"


@pytest.mark.parametrize(("left", "met"), [(100, True), (101, False)])
def test_what_is_left_is_judged_against_all_parameters(left: int, met: bool) -> None:
    target = smaller("r", "qat", "nonzero_parameters", 12, "text")
    assert target.verdict(rows(nonzero_parameters=left))["met"] is met


def test_latency_is_told_before_and_after() -> None:
    verdict = smaller("r", "qat", "latency_us", None, "text").verdict(
        rows(figures={"latency_us": 450.0})
    )
    assert verdict == {
        "recipe": "r", "target": "text", "measured": "2.00x (900 to 450)", "met": None,
    }  # fmt: skip


def test_flash_is_judged_against_all_parameters_in_float32() -> None:
    def verdict(weights: int, **more: Any) -> dict[str, Any]:
        target = below_float("r", "qat", 40, ("weights_bytes", "kernels_bytes"), "text", **more)
        return target.verdict(rows(figures={"weights_bytes": weights, "kernels_bytes": 20}))

    assert verdict(100)["met"] is True
    assert verdict(100)["measured"] == "40.0x (4,800 to 120 bytes)"
    assert verdict(101)["met"] is False
    # A stretch that is missed is told, and no failure.
    assert verdict(101, asked=False)["met"] is None
    assert verdict(100, asked=False)["met"] is True


@pytest.mark.parametrize(("encoded", "met"), [(45, True), (46, False)])
def test_encoded_weights_are_judged_against_the_same_as_int8(encoded: int, met: bool) -> None:
    figures = {"encoded_bytes": encoded, "encoded_int8_bytes": 100}
    assert encoded_to("r", "qat", 0.45, "text").verdict(rows(figures=figures))["met"] is met


def test_weights_that_are_not_encoded_miss_the_target() -> None:
    figures = {"encoded_bytes": 0, "encoded_int8_bytes": 0}
    verdict = encoded_to("r", "qat", 0.45, "text").verdict(rows(figures=figures))
    assert (verdict["met"], verdict["measured"]) == (False, "no layer is encoded")


@pytest.mark.parametrize(("latency_us", "met"), [(972.0, True), (973.0, False), (800.0, True)])
def test_time_is_judged_against_the_int8_reference(latency_us: float, met: bool) -> None:
    verdict = slower_by("r", "qat", 8, "text").verdict(rows(figures={"latency_us": latency_us}))
    assert verdict["met"] is met


def test_deep_compression_is_side_by_side() -> None:
    layers = [
        {"layer": f"fc{i}", "weights": 1000, "nonzero": 100, "distinct": 16,
         "encoding": "gap_tokens", "detail": "", "bytes": 125}
        for i in (1, 2, 3)
    ]  # fmt: skip
    lines = side_by_side("lenet300-deep", layers).splitlines()
    assert lines[2] == (
        "| fc1 | 1,000 | 8 % | 4.4 + 3.7 | 2.32 % | 10.0 % | 16 | gap_tokens | 10.0 | 3.12 % |"
    )
    assert lines[-1].startswith("| total | 3,000 | 8 % | 5.1 + 3.7 | 2.49 % | 10.0 % |")


def test_the_last_of_several_equal_stages_is_judged() -> None:
    twice = [*rows(int8_accuracy=0.90), rows(int8_accuracy=0.99)[1]]
    assert int8_within("r", "qat", 0.5, "text").verdict(twice)["met"] is True
    assert int8_within("r", "qat", 0.5, "text").verdict(twice[:2])["met"] is False


def test_a_target_of_a_stage_that_did_not_run_is_an_error() -> None:
    with pytest.raises(StopIteration):
        int8_within("r", "cluster", 1.0, "text").verdict(rows())


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=list(EXPERIMENTS))
def test_targets_name_stages_that_run(experiment: Experiment) -> None:
    kinds = {
        name: {"original", *(step.kind for step in load_recipe(RECIPES / f"{name}.toml").steps)}
        for name in experiment.recipes
    }
    assert experiment.targets
    for target in experiment.targets:
        assert target.stage in kinds[target.recipe]


def test_the_page_is_what_was_measured() -> None:
    figures = json.loads((ROOT / "docs" / "results.json").read_text(encoding="utf-8"))
    assert results_page(figures) == (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert figures["experiments"]
    for name, measured in figures["experiments"].items():
        experiment = EXPERIMENTS[name]
        verdicts = [t.verdict(measured["runs"][t.recipe]["rows"]) for t in experiment.targets]
        assert verdicts == measured["targets"]
        for recipe, run in measured["runs"].items():
            shipped = load_recipe(RECIPES / f"{recipe}.toml")
            # A key that came later has its default in what was stored.
            assert parse_recipe(run["recipe"]) == shipped


def test_the_page_names_what_was_not_measured() -> None:
    figures = json.loads((ROOT / "docs" / "results.json").read_text(encoding="utf-8"))
    (name, experiment), *_ = figures["experiments"].items()
    others = ", ".join(item.title for key, item in EXPERIMENTS.items() if key != name)
    page = results_page({**figures, "experiments": {name: experiment}})
    assert f"Not measured yet: {others}." in page


@pytest.mark.parametrize(
    ("augment", "shape"),
    [(samples.shifted_images, (5, 32, 32, 3)), (samples.shifted_keywords, (5, 49, 10, 1))],
)
def test_augmented_copies_differ_and_are_repeatable(augment: Any, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    once, again = (augment(x, np.random.default_rng(4)) for _ in range(2))
    assert once.shape == shape
    assert once.dtype == np.float32
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, x)


def test_shifted_images_only_move_pixels() -> None:
    image = np.zeros((1, 32, 32, 3), np.float32)
    image[0, 16, 16] = 1.0
    for seed in range(8):
        moved = samples.shifted_images(image, np.random.default_rng(seed))
        (row,), (column,) = (set(axis.tolist()) for axis in np.nonzero(moved)[1:3])
        assert abs(row - 16) <= 4
        assert min(abs(column - 16), abs(column - 15)) <= 4


def test_data_that_are_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TC_SHARED_DATA", str(tmp_path))
    with pytest.raises(ConfigError, match=r"there is no .*mnist\.npz"):
        samples.mnist_rows()
