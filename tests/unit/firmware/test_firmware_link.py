"""Every board's project, compiled and linked by both compilers, every warning an error."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from support.firmware.projects import copy_project, link

from tinycompress.artifacts import ToolchainName
from tinycompress.boards import list_boards, load_board
from tinycompress.boards.schema import Board
from tinycompress.elf import ElfImage, read_elf

BOARDS = list_boards()
TOOLCHAINS = (pytest.param("gcc", marks=pytest.mark.gcc), "zig")


@pytest.fixture(scope="module", params=TOOLCHAINS)
def toolchain(request: pytest.FixtureRequest) -> ToolchainName:
    name: ToolchainName = request.param
    return name


@pytest.fixture(scope="module", params=BOARDS, ids=lambda board: board.id)
def linked(
    request: pytest.FixtureRequest,
    toolchain: ToolchainName,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Board, ElfImage]:
    board: Board = request.param
    directory = tmp_path_factory.mktemp("project")
    project = copy_project(board.id, directory / board.id)
    return board, read_elf(link(project, toolchain, directory / "firmware.elf"))


def test_everything_lies_where_the_board_file_says(linked: tuple[Board, ElfImage]) -> None:
    board, image = linked
    purpose_of = {
        ".boot2": "boot2", ".vectors": "code", ".note.gnu.build-id": "code", ".text": "code",
        ".rodata": "code", ".data": "data", ".bss": "data", ".tc_stack": "stack",
        ".tc_arena": "arena", ".boot_header": "boot_header", ".boot_block": "code",
    }  # fmt: skip
    assert {section.name for section in image.sections} <= set(purpose_of)
    for section in image.sections:
        region = next(r for r in board.memory if purpose_of[section.name] in r.holds)
        assert region.origin <= section.address
        assert section.address + section.size_bytes <= region.end
    flash = [region for region in board.memory if region.kind == "flash"]
    for segment in image.segments:
        if segment.data:
            assert any(
                region.origin <= segment.physical_address
                and segment.physical_address + len(segment.data) <= region.end
                for region in flash
            )
        assert not (segment.writable and segment.executable)


def test_the_vector_table_starts_the_program(linked: tuple[Board, ElfImage]) -> None:
    board, image = linked
    origin = board.region_for("code").origin
    vectors = struct.unpack("<16I", image.read(origin, 64))
    assert vectors[0] == image.require_symbol("__tc_stack_top").address
    reset = image.require_symbol("tc_reset").address
    assert vectors[1] == reset + 1 == image.entry
    for number in (2, 3, 4, 5, 6, 7, 11, 12, 14, 15):
        assert vectors[number] == image.require_symbol("tc_unhandled").address + 1
    assert [vectors[number] for number in (8, 9, 10, 13)] == [0, 0, 0, 0]


def test_the_stack_grows_towards_the_end_of_memory(linked: tuple[Board, ElfImage]) -> None:
    board, image = linked
    bottom = image.require_symbol("__tc_stack_bottom").address
    top = image.require_symbol("__tc_stack_top").address
    assert bottom == board.region_for("stack").origin
    assert top - bottom == board.budget.stack_bytes
    assert top % 8 == 0


def test_the_build_id_lies_between_its_symbols(linked: tuple[Board, ElfImage]) -> None:
    _, image = linked
    start = image.require_symbol("__tc_build_id_start").address
    end = image.require_symbol("__tc_build_id_end").address
    assert image.build_id is not None
    assert image.read(start, end - start)[16:] == image.build_id
    assert len(image.build_id) == 20


def test_static_data_are_loaded_from_flash(linked: tuple[Board, ElfImage]) -> None:
    board, image = linked
    start = image.require_symbol("__tc_data_start").address
    load = image.require_symbol("__tc_data_load").address
    size = image.require_symbol("__tc_data_end").address - start
    (segment,) = (s for s in image.segments if s.address == start and s.data)
    assert segment.physical_address == load
    assert len(segment.data) == size
    assert load % 4 == size % 4 == 0
    factor = image.require_symbol("factor")
    assert image.read(factor.address, 4) == (0x01234567).to_bytes(4, "little")
    region = board.region_for("code")
    assert region.origin <= load < region.end
    bss = image.require_symbol("__tc_bss_start").address
    assert bss >= start + size


def test_the_arena_is_neither_loaded_nor_cleared(linked: tuple[Board, ElfImage]) -> None:
    board, image = linked
    (arena,) = (section for section in image.sections if section.name == ".tc_arena")
    assert not arena.in_file
    assert arena.size_bytes == 48
    assert arena.address % 16 == 0
    cleared_to = image.require_symbol("__tc_bss_end").address
    if board.region_for("arena") == board.region_for("data"):
        assert cleared_to <= arena.address
    else:
        assert arena.address == board.region_for("arena").origin


def test_no_path_of_this_machine_gets_into_the_file(linked: tuple[Board, ElfImage]) -> None:
    _, image = linked
    content = image.path.read_bytes()
    assert b"/lib/" not in content
    assert str(Path.home()).encode() not in content
    assert not any(section.name.startswith(".debug") for section in image.sections)


def boot_rom_crc(data: bytes) -> int:
    """The checksum of the RP2040's boot ROM (RP2040 datasheet 2.8.1.3.1)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
            crc &= 0xFFFFFFFF
    return crc


def test_the_pico_has_a_second_stage_that_its_boot_rom_accepts(
    toolchain: ToolchainName, tmp_path: Path
) -> None:
    board = load_board("pico")
    project = copy_project("pico", tmp_path / "pico")
    image = read_elf(link(project, toolchain, tmp_path / "firmware.elf"))
    boot2 = image.read(board.region_for("boot2").origin, 256)
    assert int.from_bytes(boot2[252:], "little") == boot_rom_crc(boot2[:252])
    assert board.region_for("code").origin.to_bytes(4, "little") in boot2[:252]


@pytest.mark.parametrize(
    ("array", "bytes_too_many"),
    [("tcm_weights[BYTES", 983_040), ("arena[ARENA_BYTES", 261_632 - 8_192)],
)
def test_what_does_not_fit_fails_to_link(
    array: str, bytes_too_many: int, toolchain: ToolchainName, tmp_path: Path
) -> None:
    project = copy_project("nano33", tmp_path / "project")
    model = project.directory / "model" / "copy_model.c"
    text = model.read_text()
    assert text.count(array + "]") == 1
    model.write_text(text.replace(array, f"{array} + {bytes_too_many}u"))
    with pytest.raises(AssertionError, match=r"overflowed|will not fit"):
        link(project, toolchain, tmp_path / "firmware.elf")
