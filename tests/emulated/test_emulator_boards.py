"""Whole firmware on every virtual board, from its real reset vector, over the real protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.firmware.projects import copy_project, link

from tinycompress.boards import Board, list_boards, load_board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.protocol.messages import HelloFlag

BYTES = bytes(range(100, 124))
COPIED = bytes((b + w) % 256 for b, w in zip(BYTES, (1, 2, 3, *[0] * 21), strict=True))


EMULATED = [board for board in list_boards() if not board.cpu.mve]


@pytest.fixture(scope="module", params=EMULATED, ids=lambda board: board.id)
def board(request: pytest.FixtureRequest) -> Board:
    found = request.param
    assert isinstance(found, Board)
    return found


@pytest.fixture(scope="module")
def elf(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp(board.id)
    return link(copy_project(board.id, directory / "project"), "zig", directory / "copy.elf")


def _talk(virtual: VirtualBoard) -> list[tuple[int, int]]:
    """One conversation; returns the trace of the run."""
    client = DeviceClient(virtual, first_seq=1)
    hello = client.hello()
    assert bytes.fromhex(hello.build_id) == read_elf_build_id(virtual)
    assert HelloFlag.TICKS_MOVE in hello.flags
    info = client.info()
    assert info.board_id == virtual.board.id
    assert info.core_clock_hz == virtual.board.cpu.clock_hz
    client.write_input(0, BYTES)
    virtual.clear_trace()
    ticks = client.run().ticks[0]
    assert client.read_output(0, len(BYTES)) == COPIED
    trace = [(point.instructions, point.cycles) for point in virtual.trace]
    # Two entries for the empty window, two for the run.
    began, ended = trace[-2], trace[-1]
    assert 100 < ended[0] - began[0] < 1000
    if virtual.board.timer.counts == "cycles":
        assert ticks == ended[1] - began[1]
    memory = client.memory()
    assert memory.stack_reserved_bytes == virtual.board.budget.stack_bytes
    assert 64 <= memory.stack_peak_bytes < 1024
    return trace


def read_elf_build_id(virtual: VirtualBoard) -> bytes:
    found = virtual.image.build_id
    assert found is not None
    return found


def test_conversation_and_determinism(board: Board, elf: Path) -> None:
    virtual = VirtualBoard(board, elf)
    assert virtual.transport == "virtual"
    assert virtual.description == f"emulated {board.name}"
    first = _talk(virtual)
    counts = virtual.instructions, virtual.cycles
    virtual.reset()
    assert _talk(virtual) == first
    assert (virtual.instructions, virtual.cycles) == counts
    other = VirtualBoard(board, elf, native=False)
    assert _talk(other) == first
    assert (other.instructions, other.cycles) == counts
    other.close()
    virtual.close()


def test_idle_firmware_is_not_waited_for(board: Board, elf: Path) -> None:
    virtual = VirtualBoard(board, elf)
    assert virtual.read(1e9) == b""
    before = virtual.instructions
    assert virtual.read(1e9) == b""
    # It polls a few times more, and no longer.
    assert virtual.instructions - before < 1000


def test_noise_on_the_wire_is_survived(board: Board, elf: Path) -> None:
    virtual = VirtualBoard(board, elf)
    client = DeviceClient(virtual)
    virtual.write(b"\xff\x07noise\x00\x02")
    virtual.add_noise(b"\x00garbage\x00")
    assert client.hello().model_status == 0


NANO = "arduino_nano_33_ble"


@pytest.fixture(scope="module")
def wired_nano() -> Board:
    """The board with its protocol on the UART pins, not on its own USB."""
    return load_board(NANO).over("uart")


@pytest.fixture(scope="module")
def nano_elf(wired_nano: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("nano")
    return link(copy_project(wired_nano, directory / "project"), "zig", directory / "copy.elf")


def _changed(board: Board, table: str, **changes: object) -> Board:
    inner = getattr(board, table).model_copy(update=changes)
    return board.model_copy(update={table: inner})


def test_wrong_baud_rate_is_found(wired_nano: Board, nano_elf: Path) -> None:
    other = _changed(wired_nano, "serial", baud=9600)
    with pytest.raises(DeviceError, match=r"UART0 runs at 115\d{3} baud, the host at 9600"):
        DeviceClient(VirtualBoard(other, nano_elf)).hello()


def test_wrong_pin_is_found(wired_nano: Board, nano_elf: Path) -> None:
    uart = wired_nano.serial.uart.model_copy(update={"tx": "P0.06"})
    other = _changed(wired_nano, "serial", uart=uart)
    with pytest.raises(DeviceError, match=r"TX on P1\.03; the board wires P0\.06"):
        DeviceClient(VirtualBoard(other, nano_elf)).hello()


@pytest.mark.parametrize(
    ("name", "clock_hz"),
    [("nucleo_f446re", 168_000_000), ("nucleo_h743zi", 480_000_000),
     ("nucleo_u575zi_q", 80_000_000), ("raspberry_pi_pico", 133_000_000)],
)  # fmt: skip
def test_wrong_core_clock_is_found(name: str, clock_hz: int, tmp_path: Path) -> None:
    board = load_board(name)
    elf = link(copy_project(name, tmp_path / "project"), "zig", tmp_path / "copy.elf")
    other = _changed(board, "cpu", clock_hz=clock_hz)
    message = f"runs the core at {board.cpu.clock_hz} Hz; the board file says {clock_hz} Hz"
    with pytest.raises(DeviceError, match=message):
        DeviceClient(VirtualBoard(other, elf)).hello()
