"""Measuring, with a device and an oracle whose every figure is known beforehand."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.device.bench import (
    BUILD_ID,
    EMULATOR,
    NOT_TOLD,
    PC,
    SILICON,
    FakeDevice,
    TracingFakeDevice,
)
from support.models.tflite_files import Builder

from tinycompress.artifacts import (
    BenchResult,
    BuiltFirmware,
    ExactTo,
    FirmwareProject,
    FlashSizes,
    LayerCost,
    LayerInfo,
    RamSizes,
    Spread,
    TensorSpec,
)
from tinycompress.boards import Board, load_board
from tinycompress.device.link import Link
from tinycompress.errors import ConfigError, DeviceError, MismatchError, ModelError
from tinycompress.measurement import comparison, measure
from tinycompress.measurement.exactness import require_exact
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.measurement.report import to_json
from tinycompress.measurement.samples import Samples
from tinycompress.quality.scores import predicted_classes


def negation() -> bytes:
    """A model file whose input and output are those of the fake devices."""
    b = Builder()
    x, y = (b.tensor([1, 4], name=name, scales=[1.0], zero_points=[0]) for name in ("in", "out"))
    b.op("NEG", [x], [y])
    return b.pack([x], [y])


TFLITE = negation()
SHA256 = hashlib.sha256(TFLITE).digest()
INPUT = TensorSpec("in", (1, 4), "int8", 1.0, 0)
OUTPUT = TensorSpec("out", (1, 4), "int8", 1.0, 0)
BUILT = BuiltFirmware(
    project=FirmwareProject(
        directory=Path("digits-nano33"), board_id="arduino_nano_33_ble", engine="aot",
        exact_to="tflm", model_sha256=SHA256.hex(), inputs=(INPUT,), outputs=(OUTPUT,),
        layers=(
            LayerInfo(0, "conv", "CONV_2D", 300, (1, 4), "ref"),
            LayerInfo(1, "softmax", "SOFTMAX", 0, (1, 4), "ref"),
        ),
        arena_bytes=1000, weights_bytes=50,
    ),
    elf=Path("firmware.elf"), images={}, build_id=BUILD_ID.hex(), elf_sha256="e" * 64,
    toolchain="zig", toolchain_version="0.15", flags=("-O2",),
    flash=FlashSizes(50, 2000, 3000, 400), ram=RamSizes(1000, 500, 2048),
)  # fmt: skip


class FakeOracle:
    """Negates its input, as the fake devices here do."""

    refuses = False

    def __init__(self, tflite: bytes, exact_to: ExactTo) -> None:
        assert tflite == TFLITE
        if self.refuses:
            raise ModelError("no such op")

    def run(self, *inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        return tuple((-array).astype(np.int8) for array in inputs)

    def close(self) -> None:
        pass


def negate(inputs: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(bytes(-byte % 256 for byte in one) for one in inputs)


@pytest.fixture(autouse=True)
def _oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "open_oracle", FakeOracle)


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("nano33")


def device(kind: type[FakeDevice] = TracingFakeDevice, **changes: Any) -> FakeDevice:
    return kind(**{"run": negate, "model_sha256": SHA256, **changes})


def samples(labels: Any = None) -> Samples:
    x = np.array([[-5, 0, 0, 0], [0, -5, 0, 0], [0, 0, 0, -5]], np.int8)
    return Samples((x,), {} if labels is None else {"y": np.asarray(labels)}, "t.npz")


def run_bench(link: Link, board: Board, **options: Any) -> BenchResult:
    return bench(options.pop("built", BUILT), board, link, tflite=TFLITE, **options)


def test_what_the_cycle_model_leaves_out_is_noted(board: Board) -> None:
    link = device()
    assert isinstance(link, TracingFakeDevice)
    link.cycle_notes = ("two cycles for every instruction",)
    result = run_bench(link, board, samples=samples([0, 1, 2]))
    assert result.notes == ("two cycles for every instruction",)


def test_virtual_board(board: Board) -> None:
    link = device()
    result = run_bench(link, board, samples=samples([0, 1, 2]))
    # A window of 110 ticks less the empty one of 10; two cycles each; 64 cycles are a microsecond.
    assert result.instructions == Spread(100, 100, 100, "emulated")
    assert result.cycles == Spread(200, 200, 200, "emulated")
    assert result.latency_us == Spread(3.125, 3.125, 3.125, "emulated")
    assert result.layers == (
        LayerCost("conv", "CONV_2D", 300, 60, 120),
        LayerCost("softmax", "SOFTMAX", 0, 20, 40),
    )
    assert (result.samples, result.mismatched_samples) == (3, 0)
    assert result.device_accuracy == result.host_int8_accuracy == pytest.approx(2 / 3)
    assert result.ram == RamSizes(1000, 500, 2048, 700)
    assert result.fits
    assert result.notes == ()
    assert (result.transport, result.runs, result.build_id) == ("virtual", 5, BUILD_ID.hex())


def test_serial_board(board: Board) -> None:
    result = run_bench(device(FakeDevice, transport="serial"), board, samples=samples())
    assert result.instructions is None
    assert result.cycles == Spread(100, 100, 100, "measured")
    assert result.latency_us == Spread(1.5625, 1.5625, 1.5625, "measured")
    assert result.layers[0] == LayerCost("conv", "CONV_2D", 300, None, 60)
    assert result.device_accuracy is None


def test_serial_board_whose_ticks_are_no_cycles() -> None:
    nano = load_board("nano33")
    board = nano.model_copy(update={"timer": nano.timer.model_copy(update={"hz": 1_000_000})})
    link = device(FakeDevice, transport="serial", flags=5, ticks_hz=1_000_000)
    result = run_bench(link, board, samples=samples())
    assert result.cycles is None
    assert result.latency_us == Spread(100, 100, 100, "measured")


@pytest.mark.parametrize(
    ("machine", "name", "obtained", "note"),
    [
        (EMULATOR, "emulated", "emulated", "an emulated board answers at this port"),
        (NOT_TOLD, "unknown", "unknown", "does not say whether it is a real board"),
        (PC, "host", "unknown", "runs on a PC"),
    ],
)
def test_nothing_is_measured_on_what_is_not_known_to_be_silicon(
    machine: int, name: str, obtained: str, note: str, board: Board
) -> None:
    link = device(FakeDevice, transport="serial", machine=machine)
    result = run_bench(link, board, samples=samples())
    assert (result.transport, result.machine) == ("serial", name)
    for spread in (result.cycles, result.latency_us):
        assert spread is not None
        assert spread.obtained == obtained
    assert any(note in told for told in result.notes)


def test_older_firmware_on_our_emulator_is_emulated(board: Board) -> None:
    result = run_bench(device(machine=NOT_TOLD), board, samples=samples())
    assert result.machine == "emulated"
    assert result.latency_us is not None
    assert result.latency_us.obtained == "emulated"


@pytest.mark.parametrize("machine", [SILICON, PC])
def test_our_emulator_is_not_silicon(machine: int, board: Board) -> None:
    with pytest.raises(DeviceError, match="takes it for") as caught:
        run_bench(device(machine=machine), board, samples=samples())
    assert caught.value.phase == "HELLO"


@pytest.mark.parametrize("name", ["mps2_an386", "mps3_an547"])
def test_qemu_counts_whole_instructions_and_no_time(name: str) -> None:
    board = load_board(name)
    assert board.qemu is not None
    project = replace(BUILT.project, board_id=board.id)
    link = device(FakeDevice, board_id=board.id, clock_hz=board.cpu.clock_hz,
                  ticks_hz=board.timer.hz, flags=5, run_ticks=1611)  # fmt: skip
    result = run_bench(link, board, built=replace(BUILT, project=project), samples=samples())
    per_tick = 1e9 / (board.timer.hz * 2**board.qemu.icount_shift)
    assert result.instructions is not None
    assert not (1601 * per_tick).is_integer()
    assert result.instructions.median == round(1601 * per_tick)
    assert all(isinstance(layer.instructions, int) for layer in result.layers)
    assert isinstance(result.instructions.median, int)
    told = to_json(result)["latency"]["instructions"]
    assert all(isinstance(told[key], int) for key in ("median", "min", "max"))
    assert result.cycles is None
    assert result.latency_us is None


def test_virtual_link_that_can_tell_no_cost(board: Board) -> None:
    with pytest.raises(ConfigError, match="can time nothing"):
        run_bench(device(FakeDevice), board)


def test_median_and_spread_over_the_counted_runs_only(board: Board) -> None:
    class Slower(TracingFakeDevice):
        def run_model(self, payload: bytes) -> bytes:
            self.run_ticks += 10
            return super().run_model(payload)

        HANDLERS = {**TracingFakeDevice.HANDLERS, 4: run_model}  # noqa: RUF012

    options = BenchOptions(runs=3, warmup=2)
    result = run_bench(device(Slower), board, samples=samples(), options=options)
    assert result.instructions == Spread(140, 130, 150, "emulated")


def test_outliers_of_a_real_board_are_told(board: Board) -> None:
    class Disturbed(FakeDevice):
        def run_model(self, payload: bytes) -> bytes:
            self.run_ticks = 6410 if sum(one.type == 4 for one in self.executed) == 3 else 3210
            return super().run_model(payload)

        HANDLERS = {**FakeDevice.HANDLERS, 4: run_model}  # noqa: RUF012

    link = device(Disturbed, transport="serial")
    result = run_bench(link, board, samples=samples(), options=BenchOptions(runs=6))
    (note,) = (note for note in result.notes if "outlier" in note)
    assert "1 of 6 timed runs are outliers: 100 us against a median of 50 us" in note


def test_an_interrupted_run_goes_on_where_it_was(board: Board, tmp_path: Path) -> None:
    answers = tmp_path / "results.answers"

    class Unplugged(TracingFakeDevice):
        def run_model(self, payload: bytes) -> bytes:
            if self.inputs[0][3]:
                raise DeviceError("the cable is out", phase="RUN")
            return super().run_model(payload)

        HANDLERS = {**TracingFakeDevice.HANDLERS, 4: run_model}  # noqa: RUF012

    options = BenchOptions(runs=1, warmup=0)
    with pytest.raises(DeviceError, match="the cable is out") as caught:
        run_bench(device(Unplugged), board, samples=samples(), options=options, resume=answers)
    assert caught.value.hint == f"the same command goes on after 2 samples (answers in {answers})"
    link = device()
    result = run_bench(link, board, samples=samples(), options=options, resume=answers)
    assert (result.samples, result.mismatched_samples) == (3, 0)
    assert result.notes == (
        "2 of 3 samples were answered by this build in an earlier run that was interrupted",
    )
    # One timed run, one profiled, one to compare with it, and the one sample that was left.
    assert sum(packet.type == 4 for packet in link.executed) == 4
    assert not answers.exists()


def test_mismatches_are_counted_by_sample(board: Board) -> None:
    def wrong_on_second(inputs: tuple[bytes, ...]) -> tuple[bytes, ...]:
        (out,) = negate(inputs)
        return (out[:1] + b"\x09" + out[2:] if out[1] else out,)

    result = run_bench(device(run=wrong_on_second), board, samples=samples([0, 1, 3]))
    assert result.mismatched_samples == 1
    assert (result.device_accuracy, result.host_int8_accuracy) == (1.0, 1.0)


def test_oracle_that_refuses_leaves_a_note(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeOracle, "refuses", True)
    result = run_bench(device(), board, samples=samples([0, 1, 3]))
    assert result.mismatched_samples is None
    assert (result.device_accuracy, result.host_int8_accuracy) == (1.0, None)
    assert result.notes == ("outputs were not compared: no such op",)
    told = to_json(result)["exact"]
    assert (told["exact_to"], told["oracle"]) == ("tflm", None)
    assert told["not_compared"] == result.not_compared == "no such op"
    with pytest.raises(MismatchError, match="nothing tells whether the outputs are right") as found:
        require_exact(result)
    assert found.value.exit_code == 8


def test_accuracy_that_is_no_better_than_chance_is_noted(board: Board) -> None:
    (note,) = run_bench(device(), board, samples=samples([1, 1, 0])).notes
    assert "the accuracy of output 'out', 33.33%, is no better than chance (66.67%" in note
    assert "scaled as for training" in note
    # Three labels that are alike, and half of the classes right: better than one in four.
    assert run_bench(device(), board, samples=samples([0, 0, 0])).notes == ()


def test_wait_states_of_the_flash_get_an_upper_bound(board: Board) -> None:
    link = device()
    assert isinstance(link, TracingFakeDevice)
    link.reads_per_instruction = 2
    result = run_bench(link, board, samples=samples())
    # A window of 110 ticks reads flash 220 times and waits 3 cycles each time.
    assert result.cycles == Spread(200, 200, 200, "emulated")
    assert result.cycles_upper_bound == 200 + 220 * 3
    (note,) = result.notes
    assert "at most 860 cycles, 4.3 times as many: an upper bound" in note


def test_flash_that_never_waits_has_no_bound() -> None:
    nano = load_board("nano33")
    quick = nano.model_copy(
        update={"emulator": nano.emulator.model_copy(update={"flash_wait_states": 0})}
    )
    link = device()
    assert isinstance(link, TracingFakeDevice)
    link.reads_per_instruction = 2
    assert run_bench(link, quick, samples=samples()).cycles_upper_bound is None


def test_counts_are_whole_numbers(board: Board) -> None:
    link = device()
    assert isinstance(link, TracingFakeDevice)
    ticks = iter(range(110, 1000))

    def slower(inputs: tuple[bytes, ...]) -> tuple[bytes, ...]:
        link.run_ticks = next(ticks)
        return negate(inputs)

    link.run = slower
    result = run_bench(link, board, samples=samples(), options=BenchOptions(runs=2))
    assert result.instructions is not None
    assert result.instructions.min != result.instructions.max
    assert isinstance(result.instructions.median, int)


def test_without_samples_random_ones_are_compared(board: Board) -> None:
    result = run_bench(device(), board)
    assert (result.samples, result.mismatched_samples) == (measure.RANDOM_SAMPLES, 0)
    assert "random inputs" in result.notes[0]


def test_badly_scaled_samples_are_noted(board: Board) -> None:
    large = Samples((np.full((2, 4), 1000.0),), {}, "t.npz")
    beyond, same = run_bench(device(), board, samples=large).notes
    assert "100% of them were clamped" in beyond
    assert same.startswith("all 2 samples give the same output")


@pytest.mark.parametrize(
    ("peak", "expected"), [(1800, ()), (1900, ("near its end",)), (2048, ("overflowed",))]
)
def test_stack_near_its_end_is_noted(board: Board, peak: int, expected: tuple[str, ...]) -> None:
    notes = run_bench(device(memory=(1000, 500, 2048, peak)), board, samples=samples()).notes
    assert len(notes) == len(expected)
    assert all(part in note for part, note in zip(expected, notes, strict=True))


def test_what_does_not_fit_is_told(board: Board) -> None:
    huge = replace(BUILT, flash=FlashSizes(board.flash_bytes, 1, 0, 0))
    assert not run_bench(device(), board, built=huge, samples=samples()).fits
    room = board.ram_bytes - 500 - 2048
    for arena, fits in ((room, True), (room + 1, False)):
        built = replace(BUILT, ram=RamSizes(arena, 500, 2048))
        link = device(memory=(arena, 500, 2048, 700))
        assert run_bench(link, board, built=built, samples=samples()).fits is fits


@pytest.mark.parametrize(
    ("changes", "phase", "expected"),
    [
        ({"memory": (999, 500, 2048, 700)}, "MEMORY", "999 arena_bytes, its ELF 1000"),
        ({"memory": (1000, 1, 2048, 700)}, "MEMORY", "1 static_bytes"),
        ({"memory": (1000, 500, 1, 1)}, "MEMORY", "1 stack_reserved_bytes"),
        ({"memory": (1000, 500, 2048, 2049)}, "MEMORY", "2049 bytes of stack used"),
        ({"board_id": "microbit_v2"}, "INFO", "says microbit_v2, expected arduino_nano_33_ble"),
        ({"clock_hz": 1}, "INFO", "core clock in Hz: the device says 1"),
        ({"ticks_hz": 1}, "INFO", "tick rate in Hz: the device says 1"),
        ({"input_bytes": (5,)}, "INFO", "bytes of each input"),
        ({"output_bytes": (4, 4)}, "INFO", "bytes of each output"),
        ({"layer_ticks": (1, 2, 3)}, "INFO", "number of layers"),
        ({"flags": 3}, "HELLO", "tick counter does not move"),
        ({"build_id": bytes(20)}, "HELLO", "runs build"),
    ],
)
def test_device_that_is_another(
    board: Board, changes: dict[str, Any], phase: str, expected: str
) -> None:
    with pytest.raises(DeviceError) as caught:
        run_bench(device(**changes), board, samples=samples())
    assert caught.value.phase == phase
    assert expected in str(caught.value)


def test_trace_of_another_pattern_is_no_number(board: Board) -> None:
    class Chatty(TracingFakeDevice):
        def run_model(self, payload: bytes) -> bytes:
            self.window(1)
            return super().run_model(payload)

        HANDLERS = {**TracingFakeDevice.HANDLERS, 4: run_model}  # noqa: RUF012

    with pytest.raises(DeviceError, match="read its tick counter 6 times, expected 4"):
        run_bench(device(Chatty), board, samples=samples())


def test_profiled_run_must_compute_the_same(board: Board) -> None:
    class Unlike(TracingFakeDevice):
        def run_model(self, payload: bytes) -> bytes:
            reply = super().run_model(payload)
            if struct.unpack("<HH", payload)[1] & 1:
                self.outputs = (b"else",)
            return reply

        HANDLERS = {**TracingFakeDevice.HANDLERS, 4: run_model}  # noqa: RUF012

    with pytest.raises(DeviceError, match="the profiled run computes other bytes"):
        run_bench(device(Unlike), board, samples=samples())


def test_counter_that_may_have_wrapped_is_no_number(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10**9, 30))
    monkeypatch.setattr("tinycompress.measurement.session.time.monotonic", lambda: next(clock))
    link = device(FakeDevice, transport="serial")
    with pytest.raises(DeviceError, match=r"starts again after 67\.1 s"):
        run_bench(link, board, samples=samples())


def test_other_model_file(board: Board) -> None:
    with pytest.raises(ConfigError, match="not the one that digits-nano33 was built from"):
        bench(BUILT, board, device(), tflite=b"another")


@pytest.mark.parametrize(
    "options", [{"runs": 0}, {"warmup": -1}, {"retries": -1}, {"timeout_s": 0}]
)
def test_bad_options(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        BenchOptions(**options)


def test_progress_reaches_the_end(board: Board) -> None:
    seen: dict[str, tuple[int, int]] = {}

    def note(stage: str, done: int = 0, total: int = 0) -> None:
        seen[stage] = (done, total)

    run_bench(device(), board, samples=samples(), progress=note)
    assert all(done == total for done, total in seen.values())
    assert seen["run the samples"] == (3, 3)


def test_no_reset_is_sent_for_samples_that_are_no_streams(board: Board) -> None:
    """A firmware that should reset its state by itself, and does not, gives itself away."""
    link = device()
    run_bench(link, board, samples=samples())
    flags = [struct.unpack("<HH", p.payload)[1] for p in link.requests if p.type == 4]
    # Runs that are timed begin alike, whatever was run before.
    assert [flag & 2 for flag in flags].count(0) == 3
    assert any(flag & 2 for flag in flags)


def test_predicted_class() -> None:
    wide = np.array([[1, 5, 5], [-128, -1, -2]], np.float32)
    assert predicted_classes(wide, 3, 0.5).tolist() == [[1], [1]]
    pixels = np.array([[1, 0, 0, 1]], np.float32)
    assert predicted_classes(pixels, 2, 0.5).tolist() == [[0, 1]]
    sigmoid = np.array([[0.0], [0.5], [0.504], [0.996]], np.float32)
    assert predicted_classes(sigmoid, 2, 0.5).ravel().tolist() == [0, 0, 1, 1]


def test_result_is_plain_json(board: Board) -> None:
    result = run_bench(device(), board, samples=samples([0, 1, 2]))
    assert json.loads(json.dumps(to_json(result), allow_nan=False))["exact"] == {
        "exact_to": "tflm", "oracle": "tflm", "not_compared": None, "samples": 3,
        "mismatched_samples": 0, "allowed_ulps": 0, "worst_ulps": None,
    }  # fmt: skip
