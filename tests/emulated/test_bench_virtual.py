"""The whole way on virtual boards: real firmware, real protocol, real oracle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.common import ROOT, require_tool

from tinycompress.artifacts import BuiltFirmware, ToolchainName
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.device.emulator import VirtualBoard
from tinycompress.device.qemu import QemuBoard
from tinycompress.errors import DeviceError
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.report import to_json
from tinycompress.measurement.samples import Samples
from tinycompress.toolchain import build

DIGITS = ROOT / "examples" / "digits"
TFLITE = (DIGITS / "digits_int8.tflite").read_bytes()
SAMPLES = 6


def firmware(board: Board, directory: Path, toolchain: ToolchainName) -> BuiltFirmware:
    sources = generate(read_model(TFLITE), CodegenOptions.for_board(board, exact_to="tflm"))
    project = render_project(sources, board, directory, tflite=TFLITE, model_name="digits")
    return build(project, board, toolchain=toolchain)


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("nano33")


@pytest.fixture(scope="module")
def built(board: Board, tmp_path_factory: pytest.TempPathFactory) -> BuiltFirmware:
    return firmware(board, tmp_path_factory.mktemp("bench") / "digits", "zig")


@pytest.fixture
def samples() -> Samples:
    with np.load(DIGITS / "digits.npz") as file:
        x, y = file["x_test"][:SAMPLES], file["y_test"][:SAMPLES]
    return Samples(((x.astype(np.int16) * 16 - 128).clip(-128, 127).astype(np.int8),), {"y": y})


def check(built: BuiltFirmware, board: Board, samples: Samples) -> None:
    link = VirtualBoard(board, built.elf)
    try:
        result = bench(
            built, board, link, tflite=TFLITE, samples=samples, options=BenchOptions(runs=2)
        )
    finally:
        link.close()
    assert (result.samples, result.mismatched_samples) == (SAMPLES, 0)
    assert (result.transport, result.machine) == ("virtual", "emulated")
    assert result.device_accuracy == result.host_int8_accuracy
    assert result.fits
    assert result.instructions is not None
    assert result.cycles is not None
    assert result.latency_us is not None
    # No core of today takes less than half a cycle for an instruction, or more than a few.
    assert 0.5 < result.cycles.median / result.instructions.median < 4
    assert result.latency_us.median == pytest.approx(
        result.cycles.median * 1e6 / board.cpu.clock_hz
    )
    assert 0 < (result.ram.stack_peak_bytes or 0) < result.ram.stack_reserved_bytes
    macs = sum(layer.macs for layer in result.layers)
    assert result.instructions.median > macs
    layers = sum(layer.instructions or 0 for layer in result.layers)
    assert layers == pytest.approx(result.instructions.median, rel=0.002)


def test_nano33(built: BuiltFirmware, board: Board, samples: Samples) -> None:
    check(built, board, samples)


@pytest.mark.parametrize("board_id", ["pico", "nucleo_u575zi_q", "mps2_an386"])
def test_other_cores(board_id: str, tmp_path: Path, samples: Samples) -> None:
    other = load_board(board_id)
    check(firmware(other, tmp_path / "digits", "zig"), other, samples)


@pytest.mark.gcc
def test_gcc(board: Board, tmp_path: Path, samples: Samples) -> None:
    require_tool("gcc")
    check(firmware(board, tmp_path / "digits", "gcc"), board, samples)


@pytest.mark.qemu
@pytest.mark.parametrize("board_id", ["mps2_an385", "mps2_an386", "mps2_an500"])
def test_qemu_is_a_second_witness(board_id: str, tmp_path: Path, samples: Samples) -> None:
    """An emulator that shares no line with ours gives the same bytes and counts."""
    board = load_board(board_id)
    built = firmware(board, tmp_path / "digits", "zig")
    links = (VirtualBoard(board, built.elf), QemuBoard(board, built.elf))
    options = BenchOptions(runs=3, timeout_s=20)
    ours, qemus = (
        bench(built, board, link, tflite=TFLITE, samples=samples, options=options) for link in links
    )
    for link in links:
        link.close()
    assert (ours.mismatched_samples, qemus.mismatched_samples) == (0, 0)
    assert (qemus.cycles, qemus.latency_us) == (None, None)
    assert board.qemu is not None
    assert ours.instructions is not None
    assert qemus.instructions is not None
    # Each window begins and ends between two ticks, and so does the empty one.
    per_tick = 1e9 / (board.timer.hz * 2**board.qemu.icount_shift)
    tolerance = max(1.0, per_tick) * 2
    assert qemus.instructions.median == pytest.approx(ours.instructions.median, abs=tolerance)
    for one, other in zip(ours.layers, qemus.layers, strict=True):
        assert one.instructions is not None
        assert other.instructions == pytest.approx(one.instructions, abs=tolerance + 1)


def test_same_firmware_same_figures(built: BuiltFirmware, board: Board) -> None:
    def figures() -> object:
        return to_json(bench(built, board, VirtualBoard(board, built.elf), tflite=TFLITE))

    assert figures() == figures()


def test_firmwares_own_ticks_are_the_emulators_cycles(built: BuiltFirmware, board: Board) -> None:
    """The cycle counter that the firmware reads and the trace are two witnesses of one run."""
    link = VirtualBoard(board, built.elf)
    client = DeviceClient(link)
    client.hello()
    link.clear_trace()
    told = client.run(3)
    points = list(link.trace)
    assert len(points) == 2 + 2 * 3
    windows = [b.cycles - a.cycles for a, b in zip(points[::2], points[1::2], strict=True)]
    assert list(told.ticks) == windows[1:]
    assert told.empty_ticks == windows[0]


def test_profile_calls_the_counter_as_the_document_says(built: BuiltFirmware, board: Board) -> None:
    link = VirtualBoard(board, built.elf)
    client = DeviceClient(link)
    client.hello()
    link.clear_trace()
    layers = client.run(profile=True).layers
    assert layers == len(built.project.layers)
    client.layers(layers)
    client.memory()
    client.echo(b"none of these reads the counter")
    assert len(link.trace) == 2 + 2 * layers


def test_firmware_of_another_build_is_refused(built: BuiltFirmware, board: Board) -> None:
    other = replace(built, build_id="00" * 20)
    with pytest.raises(DeviceError, match="the device runs build") as caught:
        bench(other, board, VirtualBoard(board, built.elf), tflite=TFLITE)
    assert caught.value.phase == "HELLO"


def test_noise_on_the_line_does_not_stop_the_firmware(built: BuiltFirmware, board: Board) -> None:
    link = VirtualBoard(board, built.elf)
    noise = np.random.default_rng(3)
    for size in (1, 100, 2000):
        link.write(noise.integers(0, 256, size, np.uint8).tobytes())
        assert link.read(1.0) == b""
    client = DeviceClient(link)
    client.hello()
    client.echo(bytes(range(256)))
