"""The product's own road, a slice of what ``make corpus`` takes: build, emulated board, oracle.

Each family of models that is shipped, each operator, each operator that keeps state; both compilers
and every family of cores. Whatever runs here has come through nothing but the public API.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cases.kernels import BOTH
from support.fuzz.road_share import GRAPHS_IN_A_FILE, RoadFuzzer
from support.models.collection import SHIPPED
from support.models.operator_models import PARTS, OperatorModel, operator_model
from support.models.road import (
    AIMS,
    BOARD_OF_CORE,
    CHAINS,
    Verdict,
    aims_that_differ,
    framework_verdict,
    road_verdict,
)

from tinycompress.artifacts import FrameworkName, ToolchainName
from tinycompress.codegen.ops import INTERNAL, OPS

MODELS = SHIPPED / "models"
BOTH_CHAINS = ("zig", pytest.param("gcc", marks=pytest.mark.gcc))
SLICE = (
    # Convolutions; separable ones with MVE.
    pytest.param("tinymaix/mnist_valid_q", "M3"),
    pytest.param("mlperf_tiny/kws_ref_model", "M55", marks=pytest.mark.qemu),
    # State: resource variables, SVDF, LSTM.
    pytest.param("microwakeword/v2_hey_mycroft", "M4"),
    pytest.param("tflm/keyword_scrambled_8bit", "M33"),
    pytest.param("tflm/trained_lstm_int8", "M0+"),
    # Signal operators, from samples of sound to features.
    pytest.param("tflm/audio_preprocessor_int8", "M4"),
    pytest.param("tflm/audio_preprocessor_int8", "M0+"),
    # 16x8.
    pytest.param("tflm_seanet_int16/conv0", "M7"),
)
REFUSED = {
    "mlperf_tiny/kws_ref_model_float32",  # Float.
}
"""Shipped models that no board runs."""
SHIPPED_NAMES = sorted(
    entry["file"].removeprefix("models/").removesuffix(".tflite")
    for entry in json.loads((SHIPPED / "models.json").read_text(encoding="utf-8"))
)


def file_of(name: str) -> Path:
    return MODELS / f"{name}.tflite"


@pytest.mark.parametrize("chain", BOTH_CHAINS)
@pytest.mark.parametrize(("name", "core"), SLICE)
def test_a_model_of_each_family_is_exact(name: str, core: str, chain: ToolchainName) -> None:
    verdict = road_verdict(file_of(name), BOARD_OF_CORE[core], chain)
    assert (verdict.outcome, verdict.detail) == ("exact", "")


def test_the_slice_has_every_family_and_core() -> None:
    families = {path.name for path in MODELS.iterdir()}
    assert {str(each.values[0]).split("/", maxsplit=1)[0] for each in SLICE} == families
    assert {each.values[1] for each in SLICE} == set(BOARD_OF_CORE)


@pytest.mark.parametrize(
    ("core", "chain"), [("M4", "zig"), pytest.param("M0+", "gcc", marks=pytest.mark.gcc)]
)
@pytest.mark.parametrize("part", PARTS)
def test_every_operator_is_exact(
    part: str, core: str, chain: ToolchainName, tmp_path: Path
) -> None:
    assert_exact(operator_model(part), core, chain, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("chain", BOTH_CHAINS)
@pytest.mark.parametrize("core", BOARD_OF_CORE)
@pytest.mark.parametrize("part", PARTS)
def test_every_operator_is_exact_everywhere_to_litert(
    part: str, core: str, chain: ToolchainName, tmp_path: Path
) -> None:
    assert_exact(operator_model(part, "litert"), core, chain, tmp_path)


def assert_exact(model: OperatorModel, core: str, chain: ToolchainName, directory: Path) -> None:
    path = directory / "model.tflite"
    path.write_bytes(model.tflite)
    verdict = road_verdict(path, BOARD_OF_CORE[core], chain, model.exact_to)
    assert (verdict.outcome, verdict.detail) == ("exact", "")


def test_no_operator_is_left_out() -> None:
    """What the tests above run has every operator of the engine."""
    run = frozenset[str]().union(*(operator_model(part).kinds for part in PARTS))
    assert set(OPS) - INTERNAL - run == set()


@pytest.mark.gcc
@pytest.mark.qemu
@pytest.mark.slow
@pytest.mark.parametrize("core", BOARD_OF_CORE)
@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_every_shipped_model(name: str, core: str) -> None:
    verdicts = {
        (chain, aim): road_verdict(file_of(name), BOARD_OF_CORE[core], chain, optimize=aim)
        for aim in aims_that_differ(file_of(name).read_bytes(), BOARD_OF_CORE[core], "tflm")
        for chain in CHAINS
    }
    wanted = "refused" if name in REFUSED else "exact"
    assert {how: v for how, v in verdicts.items() if v.outcome != wanted} == {}


@pytest.mark.gcc
@pytest.mark.qemu
@pytest.mark.slow
def test_random_graphs_are_exact_at_every_place() -> None:
    """A slice of the fuzzer's share: a dozen files, every core with both compilers."""
    fuzzer = RoadFuzzer()
    for first, exact_to in ((3_000_000, BOTH[0]), (3_000_100, BOTH[1])):
        fuzzer.run_road(range(first, first + 6 * GRAPHS_IN_A_FILE), exact_to)
    assert fuzzer.tally.mismatches == []
    assert len(fuzzer.places) == len(BOARD_OF_CORE) * len(CHAINS)
    assert min(fuzzer.places.values()) > 0
    assert fuzzer.tally.graphs.total() > 80


@pytest.mark.gcc
@pytest.mark.parametrize("framework", ["arduino", "zephyr"])
def test_frameworks_compile_a_model_that_keeps_state(framework: FrameworkName) -> None:
    verdict = framework_verdict(file_of("microwakeword/v2_hey_mycroft"), framework)
    assert verdict == Verdict("compiles")


def test_a_refusal_has_its_first_reason() -> None:
    verdict = road_verdict(file_of("mlperf_tiny/kws_ref_model_float32"), "nano33", "zig")
    assert verdict.outcome == "refused"
    assert "float32" in verdict.detail
    assert verdict.detail.endswith(" more)")


def test_what_does_not_fit_says_by_how_much(tmp_path: Path) -> None:
    board = tmp_path / "small.toml"
    text = Path(__file__).parents[2].joinpath("boards/raspberry_pi_pico.toml").read_text()
    board.write_text(
        text.replace('"raspberry_pi_pico"', '"small"').replace("0x0004_2000", "0x0000_3000")
    )
    verdict = road_verdict(file_of("microwakeword/v2_hey_mycroft"), str(board), "zig")
    assert verdict.outcome == "does not fit"
    assert "bytes" in verdict.detail


def test_a_kernel_that_computes_something_else_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict is the oracle's: firmware that answers otherwise is told, and so is a fault."""
    real = __import__("tinycompress.oracle", fromlist=["Oracle"]).Oracle.run

    def off_by_one(oracle: object, *inputs: object) -> tuple[object, ...]:
        return tuple(array + 1 for array in real(oracle, *inputs))

    monkeypatch.setattr("tinycompress.oracle.Oracle.run", off_by_one)
    verdict = road_verdict(file_of("tinymaix/mnist_arduino_q"), "nano33", "zig")
    assert verdict.outcome == "wrong"
    assert verdict.detail == "5 of 5 samples differ from the oracle's"


def test_a_compiler_that_refuses_our_c_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "arm-none-eabi-gcc"
    broken.write_text('#!/bin/sh\n[ "$1" = -dumpfullversion ] && echo 1.2.3 && exit 0\nexit 1\n')
    broken.chmod(0o755)
    monkeypatch.setenv("TC_ARM_GCC", str(broken))
    verdict = road_verdict(file_of("tflm/hello_world_int8"), "nano33", "gcc")
    assert verdict.outcome == "wrong"
    assert "do not compile" in verdict.detail


def test_aims_that_generate_the_same_c_are_run_once() -> None:
    differing = aims_that_differ(file_of("tinymaix/mnist_valid_q").read_bytes(), "pico", "tflm")
    assert sorted(aim for same in differing.values() for aim in same) == sorted(AIMS)
    assert differing == {"speed": ("speed", "ram"), "flash": ("flash",)}
    refused = file_of("mlperf_tiny/kws_ref_model_float32").read_bytes()
    assert aims_that_differ(refused, "pico", "tflm") == {"speed": AIMS}
