"""Start-up, port and fault handlers of QEMU's boards there, from the reset vector on."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.firmware.projects import copy_project, fault_project, link, start_qemu

from tinycompress.artifacts import ToolchainName
from tinycompress.boards import list_boards
from tinycompress.boards.schema import Board
from tinycompress.elf import ElfImage, read_elf
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.protocol.frames import FrameSplitter, Packet, decode, encode

pytestmark = pytest.mark.qemu
BOARDS = [board for board in list_boards() if board.kind == "qemu"]
TOOLCHAINS = (pytest.param("gcc", marks=pytest.mark.gcc), "zig")
NOWHERE = 0x30000000
BUS, USAGE = 3, 4
STKERR = 1 << 12


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_the_firmware_answers(board: Board, toolchain: ToolchainName, tmp_path: Path) -> None:
    project = copy_project(board.id, tmp_path / "project")
    elf = link(project, toolchain, tmp_path / "firmware.elf")
    qemu = start_qemu(board, elf)
    try:
        client = DeviceClient(qemu, timeout_s=20)
        hello = client.hello()
        assert bytes.fromhex(hello.build_id) == read_elf(elf).build_id
        assert client.info().board_id == board.id
        assert client.info().ticks_hz == board.timer.hz
        pattern = bytes(range(100, 124))
        client.write_input(0, pattern)
        first, second = client.run(2).ticks
        assert 20 < first < 4000
        assert abs(first - second) <= 4
        copied = bytes((b + w) % 256 for b, w in zip(pattern, (1, 2, 3, *[0] * 21), strict=True))
        assert client.read_output(0, 24) == copied
        memory = client.memory()
        assert memory.stack_reserved_bytes == board.budget.stack_bytes
        assert 64 <= memory.stack_peak_bytes < 1024
        assert memory.arena_bytes == 48
    finally:
        qemu.close()


@pytest.fixture(scope="module", params=TOOLCHAINS)
def faulty(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Board, ElfImage]:
    board = next(board for board in BOARDS if board.cpu.core == "cortex-m4")
    directory = tmp_path_factory.mktemp("faults")
    project = fault_project(board.id, directory / "project")
    return board, read_elf(link(project, request.param, directory / "firmware.elf"))


def fault_of(board: Board, image: ElfImage, how: int) -> tuple[int, int, int, int, int]:
    """Run the model with one way to fail; the fault record, after the process ended with 70."""
    qemu = start_qemu(board, image.path)
    try:
        client = DeviceClient(qemu, timeout_s=20)
        client.hello()
        client.write_input(0, bytes([how, 0, 0, 0]))
        qemu.write(encode(Packet(0x04, 0x1234, bytes([1, 0, 0, 0]))))
        splitter = FrameSplitter()
        frames: list[bytes] = []
        while not frames:
            data = qemu.read(20)
            assert data, "the firmware fell silent"
            frames = splitter.feed(data)
        (packet,) = (decode(frame) for frame in frames)
        assert packet.type == 0xFE
        assert packet.seq == 0x1234
        assert qemu.process.wait(20) == 70
    finally:
        qemu.close()
    kind, payload = packet.payload[0], packet.payload[1:]
    pc, lr, cfsr, address = (
        int.from_bytes(payload[at : at + 4], "little") for at in range(0, 16, 4)
    )
    assert len(payload) == 16
    return kind, pc, lr, cfsr, address


def test_a_write_to_nowhere(faulty: tuple[Board, ElfImage]) -> None:
    kind, pc, _, cfsr, address = fault_of(*faulty, how=1)
    assert (kind, address) == (BUS, NOWHERE)
    assert faulty[1].symbolise(pc).startswith("tc_model_invoke")
    assert cfsr & 0xFF00


def test_a_branch_to_nowhere(faulty: tuple[Board, ElfImage]) -> None:
    kind, pc, lr, _, _ = fault_of(*faulty, how=2)
    assert kind == BUS
    assert pc == NOWHERE
    assert faulty[1].symbolise(lr).startswith(("tc_model_invoke", "time_function", "tc_measure"))


def test_a_stack_that_left_ram_still_reports(faulty: tuple[Board, ElfImage]) -> None:
    kind, pc, lr, cfsr, address = fault_of(*faulty, how=3)
    assert kind == BUS
    assert cfsr & STKERR
    assert (pc, lr) == (0, 0)
    assert NOWHERE < address < NOWHERE + 0x400


def test_an_undefined_instruction(faulty: tuple[Board, ElfImage]) -> None:
    kind, pc, _, cfsr, address = fault_of(*faulty, how=4)
    assert (kind, cfsr, address) == (USAGE, 1 << 16, 0)
    assert faulty[1].symbolise(pc).startswith("tc_model_invoke")


def test_a_model_that_does_not_fail(faulty: tuple[Board, ElfImage]) -> None:
    qemu = start_qemu(faulty[0], faulty[1].path)
    try:
        client = DeviceClient(qemu, timeout_s=20)
        client.hello()
        client.write_input(0, bytes(4))
        assert client.run(1).ticks[0] > 0
    finally:
        qemu.close()
