"""What the build says of an ELF is what the very same ELF says of itself on its virtual board."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.firmware.toolchain import make_project

from tinycompress.artifacts import ToolchainName
from tinycompress.boards import list_boards
from tinycompress.device.connect import open_link
from tinycompress.measurement.protocol.client import DeviceClient, require_same_firmware
from tinycompress.toolchain import build

# One board of each core: test_boards_run_a_model.py has them all. The emulator has no MVE, so that
# QEMU runs boards with it.
BOARDS = [
    pytest.param(board.id, marks=[pytest.mark.qemu] if board.cpu.mve else [])
    for board in {board.cpu.core: board for board in list_boards()}.values()
]


@pytest.mark.parametrize("chain", ["zig", pytest.param("gcc", marks=pytest.mark.gcc)])
@pytest.mark.parametrize("board_id", BOARDS)
def test_build_id_and_memory(board_id: str, chain: ToolchainName, tmp_path: Path) -> None:
    project, board = make_project(tmp_path / "project", board_id)
    built = build(project, board, toolchain=chain)
    link = open_link(board, built.elf)
    try:
        client = DeviceClient(link)
        require_same_firmware(client.hello(), built)
        memory = client.memory()
        client.write_input(0, bytes(range(64)))
        client.run(1)
        output = client.read_output(0, 64)
    finally:
        link.close()
    assert memory.arena_bytes == built.ram.arena_bytes == 512
    assert memory.static_bytes == built.ram.static_bytes
    assert memory.stack_reserved_bytes == built.ram.stack_reserved_bytes
    assert built.flash.total_bytes <= board.flash_bytes
    # tests/data/toolchain_model.c: weights 1, -2, 3, then zeros; gains 10, 20, ... by data % 20.
    gains = [10 * (n + 1) for n in range(10)] + [10 * n + 11 for n in range(10)]
    weights = [1, -2, 3] + [0] * 61
    assert list(output) == [(n * weights[n] + gains[n % 20]) % 256 for n in range(64)]
