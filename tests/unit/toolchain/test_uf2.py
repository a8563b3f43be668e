"""UF2 files, block by block against Microsoft's specification, and as an RP2040 takes them."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycompress.elf import ElfImage, Segment
from tinycompress.errors import ToolError
from tinycompress.toolchain.uf2 import uf2_image

FAMILY = 0xE48BFF56
FLASH = 0x1000_0000


def image(*parts: tuple[int, bytes]) -> ElfImage:
    segments = tuple(
        Segment(
            address=address,
            physical_address=address,
            memory_bytes=len(data),
            data=data,
            writable=False,
            executable=True,
        )
        for address, data in parts
    )
    return ElfImage(
        path=Path("x.elf"), sha256="", entry=0, build_id=None, segments=segments, sections=(),
        symbols=(),
    )  # fmt: skip


def check_specification(uf2: bytes, family: int) -> list[tuple[int, bytes]]:
    """Every rule of the specification that a file can be held against; (address, payload)s."""
    assert uf2
    assert len(uf2) % 512 == 0
    total = len(uf2) // 512
    blocks = []
    for index in range(total):
        block = uf2[512 * index : 512 * (index + 1)]
        assert block[0:4] == b"UF2\n"  # 0x0A324655
        assert block[4:8] == bytes.fromhex("57515d9e")  # 0x9E5D5157
        flags, address, size, number, count, found = struct.unpack("<6I", block[8:32])
        assert flags == 0x2000  # family ID present; no container, checksum or extension
        assert address % 4 == 0
        assert size % 4 == 0
        assert size <= 476
        assert (address % 256, size) == (0, 256)  # "always correct"
        assert (number, count, found) == (index, total, family)
        assert block[32 + size : 508] == b"\xff" * (476 - size)
        assert block[508:512] == bytes.fromhex("306fb10a")  # 0x0AB16F30
        blocks.append((address, block[32 : 32 + size]))
    addresses = [address for address, _ in blocks]
    assert addresses == sorted(set(addresses))
    return blocks


def boot_rom(uf2: bytes, flash: bytearray) -> None:
    """What the RP2040's boot ROM does with the blocks, erratum E14 included.

    It keeps one bit for each 16 block numbers, and erases the sector of the block's address when
    the first block of such a group arrives.
    """
    erased: set[int] = set()
    for index in range(len(uf2) // 512):
        block = uf2[512 * index :]
        address, size, number = struct.unpack("<III", block[12:24])
        offset = address - FLASH
        if number // 16 not in erased:
            erased.add(number // 16)
            sector = offset - offset % 4096
            flash[sector : sector + 4096] = b"\xff" * 4096
        # Programming clears bits and sets none.
        old = flash[offset : offset + size]
        new = bytes(a & b for a, b in zip(old, block[32 : 32 + size], strict=True))
        flash[offset : offset + size] = new


def test_one_block_byte_by_byte() -> None:
    made = uf2_image(image((FLASH, bytes(range(256)))), FAMILY)
    assert made == (
        struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, FLASH, 256, 0, 1, FAMILY)
        + bytes(range(256))
        + b"\xff" * 220
        + struct.pack("<I", 0x0AB16F30)
    )


def test_half_filled_pages_read_as_erased() -> None:
    blocks = check_specification(uf2_image(image((FLASH + 100, b"abc")), FAMILY), FAMILY)
    assert blocks == [(FLASH, b"\xff" * 100 + b"abc" + b"\xff" * 153)]


def test_touched_sectors_are_whole_but_the_last() -> None:
    made = uf2_image(image((FLASH, b"boot"), (FLASH + 0x2100, b"late")), FAMILY)
    blocks = check_specification(made, FAMILY)
    first = [FLASH + 256 * page for page in range(16)]
    assert [address for address, _ in blocks] == [*first, FLASH + 0x2000, FLASH + 0x2100]
    assert dict(blocks)[FLASH + 0x2000] == b"\xff" * 256


def test_overlap_and_emptiness_are_errors() -> None:
    with pytest.raises(ToolError, match="overlap"):
        uf2_image(image((FLASH, b"abcd"), (FLASH + 2, b"x")), FAMILY)
    with pytest.raises(ToolError, match="nothing in it to flash"):
        uf2_image(image((FLASH, b"")), FAMILY)


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    parts, at = [], 0
    for _ in range(draw(st.integers(1, 5))):
        at += draw(st.integers(0, 9000))
        data = draw(st.binary(min_size=1, max_size=3000))
        parts.append((FLASH + at, data))
        at += len(data)
    return parts


@given(programs(), st.integers(1, 0xFFFF_FFFF))
def test_any_program_follows_the_specification(parts: list[tuple[int, bytes]], family: int) -> None:
    written = dict(check_specification(uf2_image(image(*parts), family), family))
    for address, data in parts:
        for index, value in enumerate(data):
            page = (address + index) // 256 * 256
            assert written[page][address + index - page] == value


@given(programs(), st.integers(0, 99))
def test_boot_rom_writes_every_byte(parts: list[tuple[int, bytes]], seed: int) -> None:
    flash = bytearray(random.Random(seed).randbytes(1 << 16))
    boot_rom(uf2_image(image(*parts), FAMILY), flash)
    for address, data in parts:
        assert flash[address - FLASH : address - FLASH + len(data)] == data
