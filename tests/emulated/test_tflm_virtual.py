"""The TFLM engine with upstream's own library: linked, run on virtual boards, its arena measured.

Where TFLM_DIR names no checkout of tflite-micro with a library for Cortex-M4F, these are skipped.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from support.common import ROOT, require_tool
from support.firmware.tflm import real_checkout
from support.models.collection import Collection

from tinycompress import pipeline
from tinycompress.boards import load_board
from tinycompress.cli.main import _run
from tinycompress.elf import read_elf
from tinycompress.errors import DoesNotFitError
from tinycompress.measurement.arena import ALIGNMENT_BYTES, margin_bytes, measure_arena, runs_in
from tinycompress.oracle import host_arena_bytes
from tinycompress.pipeline import Build
from tinycompress.toolchain.record import read_record

pytestmark = [pytest.mark.gcc, pytest.mark.slow]

BASELINE = {
    "ad01_int8": (2_580, 3_024, 582_944),
    "kws_ref_model": (22_820, 22_832, 7_699_371),
    "str_ww_ref_model": (16_596, 16_608, 2_227_554),
}
"""TFLM with CMSIS-NN on a Cortex-M4F, measured by others in QEMU with another program around it:
bytes that the interpreter counts, least arena, instructions of one inference."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return pipeline.build(
        ROOT / "examples" / "digits" / "digits_int8.tflite", "nano33", engine="tflm",
        tflm_dir=real_checkout(), output=tmp_path_factory.mktemp("digits") / "project",
    )  # fmt: skip


def test_the_arena_is_the_least_that_runs_and_a_margin(built: Build) -> None:
    arena = built.project.arena
    assert arena is not None
    assert arena.obtained == "emulated"
    assert arena.used_bytes is not None
    assert arena.used_bytes <= arena.needed_bytes < arena.used_bytes + 1024
    assert arena.margin_bytes == margin_bytes(arena.needed_bytes)
    assert built.require_firmware().ram.arena_bytes == arena.total_bytes
    board = load_board("nano33")
    assert runs_in(built.require_firmware(), board, arena.needed_bytes)
    assert not runs_in(built.require_firmware(), board, arena.needed_bytes - ALIGNMENT_BYTES)
    tflite = (built.project.directory / "model.tflite").read_bytes()
    assert host_arena_bytes(tflite) > arena.needed_bytes, "the PC's estimate is one from above"


def test_a_benchmark_like_the_other_engines(
    built: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    code = _run(["bench", str(built.project.directory), "--json"])
    table = json.loads(capsys.readouterr().out)
    assert code == 0
    assert table["engine"] == "tflm"
    assert table["exact"]["mismatched_samples"] == 0
    assert [layer["op"] for layer in table["layers"]] == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "MAX_POOL_2D", "CONV_2D", "RESHAPE",
        "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip
    layers = sum(layer["instructions"] for layer in table["layers"])
    whole = table["latency"]["instructions"]["median"]
    assert 0 < whole - layers < 1000, "the interpreter's own share is small"


def test_what_was_linked_is_recorded_and_no_place_is(built: Build) -> None:
    directory = built.project.directory
    record = read_record(directory / "build")
    assert record.tflm is not None
    assert record.tflm.target_arch == "cortex-m4+fp"
    elf = built.require_firmware().elf.read_bytes()
    for place in (directory, real_checkout()):
        assert str(place).encode() not in elf
        assert str(place) not in (directory / "build" / "build.json").read_text()


def test_only_int8_kernels_are_linked(built: Build) -> None:
    names = {symbol.name for symbol in read_elf(built.require_firmware().elf).symbols}
    assert "arm_convolve_wrapper_s8" in names
    other_types = re.compile(r"arm_(convolve|depthwise_conv|fully_connected|softmax)\w*_s(4|16)")
    assert not {name for name in names if other_types.fullmatch(name)}


def test_the_project_builds_by_hand(built: Build, tmp_path: Path) -> None:
    cmake = require_tool("cmake")
    source = str(built.project.directory)
    for argv in (
        [cmake, "-S", source, "-B", str(tmp_path), f"-DTFLM_DIR={real_checkout()}"],
        [cmake, "--build", str(tmp_path)],
    ):
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in (done.stdout + done.stderr).lower()
    image = read_elf(tmp_path / "firmware.elf")
    assert image.require_symbol("tcm_model_data").size_bytes == len(built.model.tflite)
    assert image.build_id is not None


def test_cmake_without_tflm_tells_the_command(built: Build, tmp_path: Path) -> None:
    done = subprocess.run(
        [require_tool("cmake"), "-S", built.project.directory, "-B", tmp_path,
         f"-DTFLM_DIR={tmp_path}"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "TARGET_ARCH=cortex-m4+fp OPTIMIZED_KERNEL_DIR=cmsis_nn" in done.stderr


@pytest.mark.shared
def test_a_model_beyond_the_boards_arena_names_the_peak_layer(
    shared_data: Collection, tmp_path: Path
) -> None:
    shipped = (ROOT / "boards" / "arduino_nano_33_ble.toml").read_text()
    board = tmp_path / "small.toml"
    for old, new in (
        (r'(?m)^id( *)= ".*"$', r'id\1= "small"'),
        (r"(?m)^aliases.*$", "aliases = []"),
        (r"length = 0x0003_FE00", "length = 0x0000_7800"),
    ):
        shipped, count = re.subn(old, new, shipped)
        assert count == 1, old
    board.write_text(shipped)
    with pytest.raises(DoesNotFitError) as caught:
        pipeline.build(
            shared_data.file("models/mlperf_tiny/kws_ref_model.tflite"), board,
            engine="tflm", tflm_dir=real_checkout(), output=tmp_path / "p",
        )  # fmt: skip
    assert "functional_1/activation_1/Relu" in caught.value.message
    assert not (tmp_path / "p").exists()


@pytest.mark.shared
@pytest.mark.parametrize("name", BASELINE)
def test_mlperf_tiny_as_others_measured_it(
    name: str, shared_data: Collection, tmp_path: Path
) -> None:
    made = pipeline.build(
        shared_data.file(f"models/mlperf_tiny/{name}.tflite"), "mps2_an386", engine="tflm",
        tflm_dir=real_checkout(), output=tmp_path / "p",
    )  # fmt: skip
    used, needed, instructions = BASELINE[name]
    arena = made.project.arena
    assert arena is not None
    assert (arena.used_bytes, arena.needed_bytes) == (used, needed)
    if name == "ad01_int8":
        require_tool("qemu")
        board = load_board("mps2_an386")
        seen = measure_arena(made.require_firmware(), board, peak=(768, ""), qemu=True)
        assert (seen.needed_bytes, seen.used_bytes) == (needed, None)
    result = pipeline.bench(tmp_path / "p", runs=1)
    assert result.mismatched_samples == 0
    assert result.instructions is not None
    assert result.instructions.median == pytest.approx(instructions, rel=0.002)
