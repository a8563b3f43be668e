"""QEMU and the virtual board run the same programs: the same results, the same counts.

The timer of QEMU's boards ticks every 0.625 instructions: two readings of it tell the instructions
between them to one tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support.common import ROOT, missing
from support.device.emulator import START, TICKS, Toolchain, link
from support.models.collection import Collection

from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.device import qemu as qemu_module
from tinycompress.device.emulator import VirtualBoard
from tinycompress.device.qemu import QemuBoard
from tinycompress.errors import DeviceError, ToolError
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.toolchain import build

pytestmark = pytest.mark.qemu
AN385, AN386, AN500 = "qemu_mps2_an385", "qemu_mps2_an386", "qemu_mps2_an500"
TOOLCHAINS = ("zig", pytest.param("gcc", marks=pytest.mark.gcc))


@dataclass(frozen=True)
class Work:
    """A function ``work`` in C or assembly that returns a number."""

    name: str
    text: str
    suffix: str = "c"
    boards: tuple[str, ...] = (AN385, AN386, AN500)


WORKS = (
    *(
        Work(path.stem.removeprefix("witness_"), path.read_text())
        for path in sorted((ROOT / "tests" / "data").glob("witness_*.c"))
    ),
    Work(
        "it_blocks",
        ".syntax unified\n.thumb_func\n.type work, %function\n.global work\nwork:\n"
        "ldr r1, =5000\nmovs r0, #0\n"
        "1: tst r1, #1\nitete eq\naddeq r0, #1\nsubne r0, #3\nmoveq r2, r0\nmovne r3, r0\n"
        "tst r1, #6\nitt ne\naddne r0, r1\neorne r0, r0, r1, lsl #3\n"
        "subs r1, #1\nbne 1b\nbx lr\n.ltorg\n",
        "s",
    ),
    Work(
        "simd",
        ".syntax unified\n.thumb_func\n.type work, %function\n.global work\nwork:\n"
        "ldr r1, =5000\nmovs r0, #0\n"
        "1: sxtb16 r2, r1\nsxtb16 r3, r1, ror #8\nsmlad r0, r2, r3, r0\npkhbt r0, r0, r2, lsl #3\n"
        "ssat r3, #8, r0\nsmlabb r0, r3, r2, r0\nsubs r1, #1\nbne 1b\nbx lr\n.ltorg\n",
        "s",
        (AN386, AN500),
    ),
)


def _program(directory: Path, board: Board, work: Work, toolchain: Toolchain) -> Path:
    main = (ROOT / "tests" / "data" / "witness.main.c").read_text()
    start = START + "ldr r0, =main\nbx r0\n.ltorg\n" + TICKS.replace("tc_platform_ticks", "marker")
    sources = (("start.s", start), ("main.c", main), (f"work.{work.suffix}", work.text))
    return link(directory, board, *sources, toolchain=toolchain)


def _line(board: VirtualBoard | QemuBoard) -> tuple[int, int]:
    """What the program prints: the result and the ticks, as hexadecimal numbers."""
    text = b""
    while not text.endswith(b"\n"):
        data = board.read(10.0)
        assert data, "no line from the program"
        text += data
    result, ticks = text.split()
    return int(result, 16), int(ticks, 16)


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_same_result_and_same_count(tmp_path: Path, work: Work, toolchain: Toolchain) -> None:
    for name in work.boards:
        board = load_board(name)
        directory = tmp_path / name
        directory.mkdir()
        elf = _program(directory, board, work, toolchain)
        virtual = VirtualBoard(board, elf)
        witness = QemuBoard(board, elf)
        try:
            result, _ = _line(virtual)
            expected, ticks = _line(witness)
            assert witness.wait() == 0
        finally:
            witness.close()
        before, after = virtual.trace
        assert result == expected
        counted = after.instructions - before.instructions
        assert counted > 5000
        assert abs(counted - witness.instructions_of(ticks)) <= 1
        assert virtual.exit_code == 0


def test_exit_code_arrives(tmp_path: Path) -> None:
    code = (
        "ldr r0, =0x20026\nmovs r1, #7\npush {r0, r1}\nmov r1, sp\nmovs r0, #0x20\n"
        "bkpt #0xAB\n.ltorg\n"
    )
    board = load_board(AN386)
    witness = QemuBoard(board, link(tmp_path, board, ("test.s", START + code)))
    assert witness.wait() == 7
    with pytest.raises(DeviceError, match="has ended with exit code 7"):
        witness.read(5.0)
    witness.close()
    witness.close()
    with pytest.raises(DeviceError, match="was closed"):
        witness.write(b"x")


def _listen(witness: QemuBoard) -> None:
    for _ in range(10):
        assert witness.read(0.5) == b""


def test_silence_ends_qemu(tmp_path: Path) -> None:
    board = load_board(AN386)
    assert board.qemu is not None
    hasty = board.model_copy(update={"qemu": board.qemu.model_copy(update={"timeout_s": 1})})
    witness = QemuBoard(hasty, link(tmp_path, board, ("test.s", START + "1: b 1b\n")))
    assert witness.read(0.1) == b""
    with pytest.raises(DeviceError, match="is silent for 1 s and was ended"):
        _listen(witness)
    with pytest.raises(DeviceError, match="was closed"):
        witness.read(0.1)


def test_qemu_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu_module, "QEMU", "qemu-that-is-not-there")
    with pytest.raises(ToolError, match="program not found: qemu-that-is-not-there") as caught:
        QemuBoard(load_board(AN386), tmp_path / "no.elf")
    assert caught.value.hint is not None
    assert "apt install qemu-system-arm" in caught.value.hint


def test_board_without_a_machine(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="QEMU has no machine for arduino_nano_33_ble"):
        QemuBoard(load_board("nano33"), tmp_path / "no.elf")


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", [AN385, AN386, AN500])
def test_keyword_spotting(name: str, shared_data: Collection, tmp_path: Path) -> None:
    """MLPerf Tiny's kws_ref_model: same bytes out, same counts, as a whole and for every layer."""
    path = shared_data.file("models/mlperf_tiny/kws_ref_model.tflite")
    if not path.is_file():
        missing(str(path))
    board, tflite = load_board(name), path.read_bytes()
    sources = generate(read_model(tflite), CodegenOptions.for_board(board, exact_to="tflm"))
    project = render_project(sources, board, tmp_path / "kws", tflite=tflite, model_name="kws")
    elf = build(project, board).elf
    virtual, witness = VirtualBoard(board, elf), QemuBoard(board, elf)
    clients = DeviceClient(virtual), DeviceClient(witness)
    try:
        for client in clients:
            client.hello()
        info = clients[0].info()
        values = np.random.default_rng(7).integers(-128, 128, info.input_bytes[0], dtype=np.int8)
        for client in clients:
            client.write_input(0, values.tobytes())
        virtual.clear_trace()
        clients[0].run(profile=True)
        clients[1].run(profile=True)
        outputs = [client.read_output(0, info.output_bytes[0]) for client in clients]
        ticks = clients[1].layers(info.layers)
    finally:
        witness.close()
    assert outputs[0] == outputs[1]
    entries = [point.instructions for point in virtual.trace][2:]
    counted = [after - before for before, after in zip(entries[::2], entries[1::2], strict=True)]
    assert len(counted) == info.layers
    for mine, theirs in zip(counted, ticks, strict=True):
        assert abs(mine - witness.instructions_of(theirs)) <= 1
    assert sum(counted) > 1_000_000
