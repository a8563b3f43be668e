"""Reading ELFs and writing images: against binutils, and against damaged files."""

from __future__ import annotations

import hashlib
import itertools
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.common import require_tool
from support.firmware.toolchain import make_project

from tinycompress.elf import ElfImage, Segment, read_elf
from tinycompress.errors import ConfigError, ToolError
from tinycompress.toolchain import build
from tinycompress.toolchain.images import MAX_GAP_BYTES, binary_image, hex_image


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project, board = make_project(tmp_path_factory.mktemp("elf") / "p")
    return build(project, board, toolchain="zig").elf


def test_build_id_and_hash(elf: Path) -> None:
    image = read_elf(elf)
    assert image.build_id is not None
    assert len(image.build_id) == 20
    assert image.sha256 == hashlib.sha256(elf.read_bytes()).hexdigest()
    note = image.require_symbol("__tc_build_id_start").address
    assert image.read(note + 16, 20) == image.build_id
    assert image.read(note, 4) == struct.pack("<I", len(b"GNU\0"))


@pytest.mark.gcc
def test_symbols_agree_with_nm(elf: Path) -> None:
    require_tool("gcc")
    argv = ["arm-none-eabi-nm", "--defined-only", "-S", str(elf)]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    witness = {
        (fields[3], int(fields[0], 16) & ~1, int(fields[1], 16))
        for fields in map(str.split, lines)
        if len(fields) == 4 and fields[2] in "tTdDbBrRwWvV"
    }
    image = read_elf(elf)
    found = {(s.name, s.address & ~1, s.size_bytes) for s in image.symbols if s.size_bytes}
    assert found == witness
    assert len(found) > 50


def test_symbolise(elf: Path) -> None:
    image = read_elf(elf)
    function = image.require_symbol("tc_proto_serve")
    assert function.size_bytes > 0x12
    assert image.symbolise(function.address) == function.name
    assert image.symbolise(function.address | 1) == function.name
    assert image.symbolise(function.address + 0x12) == "tc_proto_serve+0x12"
    last = function.address + function.size_bytes - 2
    assert image.symbolise(last).startswith("tc_proto_serve+0x")
    assert not image.symbolise(last + 2).startswith("tc_proto_serve")
    for nowhere in (0, 0x20000200, 0xFFFFFFFE, 0x12344):
        assert image.symbolise(nowhere) == f"0x{nowhere:08x}"


def test_an_alias_goes_by_its_global_name(elf: Path) -> None:
    # The weak handlers are all one function.
    image = read_elf(elf)
    assert image.symbol("tc_nmi_handler") is not None
    address = image.require_symbol("tc_unhandled").address
    assert image.require_symbol("tc_nmi_handler").address == address
    assert image.symbolise(address) == "tc_unhandled"


def test_local_symbols_know_their_file(elf: Path) -> None:
    image = read_elf(elf)
    scale = image.require_symbol("tck_scale")
    assert (scale.is_local, scale.file, scale.kind) == (True, "tcm_model.c", "function")
    assert image.require_symbol("main").file is None
    assert image.symbol("no such symbol") is None
    with pytest.raises(ConfigError, match="no symbol 'no such symbol'"):
        image.require_symbol("no such symbol")


def test_reads_only_what_the_file_holds(elf: Path) -> None:
    image = read_elf(elf)
    seeds = image.require_symbol("seeds")
    assert image.read(seeds.address, 8) == struct.pack("<2I", 0x12345678, 0x9ABCDEF0)
    with pytest.raises(ConfigError, match="no 4 bytes at 0x00000000"):
        image.read(0, 4)
    with pytest.raises(ConfigError):
        image.read(image.require_symbol("tcm_arena").address, 1)


def test_files_that_are_no_firmware(elf: Path, tmp_path: Path) -> None:
    host = Path("/proc/self/exe")
    for path in (tmp_path, tmp_path / "absent", host, elf.parent / "obj" / "model__tcm_model.c.o"):
        with pytest.raises(ConfigError):
            read_elf(path)
    for number, content in enumerate((b"", b"\x7fELF", b"\x7fELF" + bytes(60), b"no" * 99)):
        path = tmp_path / str(number)
        path.write_bytes(content)
        with pytest.raises(ConfigError, match="not a firmware ELF"):
            read_elf(path)


def test_a_flipped_byte_never_crashes(elf: Path, tmp_path: Path) -> None:
    good = elf.read_bytes()
    headers = range(52 + 4 * 32)
    (sections_at,) = struct.unpack_from("<I", good, 32)
    sections = range(sections_at, len(good), 5)
    victim = tmp_path / "victim.elf"
    outcomes: set[type[object]] = set()
    for position in itertools.chain(headers, sections):
        bad = bytearray(good)
        bad[position] ^= 0xFF if position % 2 else 0x01
        victim.write_bytes(bad)
        try:
            outcomes.add(type(read_elf(victim)))
        except ConfigError as error:
            outcomes.add(type(error))
    assert outcomes == {ElfImage, ConfigError}


def test_truncation_never_crashes(elf: Path, tmp_path: Path) -> None:
    good = elf.read_bytes()
    victim = tmp_path / "victim.elf"
    for count in range(0, len(good), 97):
        victim.write_bytes(good[:count])
        with pytest.raises(ConfigError):
            read_elf(victim)


def image_of(*pieces: tuple[int, bytes], entry: int = 0x101) -> ElfImage:
    segments = tuple(Segment(at, at, len(data), data, False, True) for at, data in pieces)
    return ElfImage(Path("x.elf"), "", entry, None, segments, (), ())


def test_hex_records_as_in_the_specification() -> None:
    text = hex_image(image_of((0x0001FFFE, b"\x01\x02\x03")))
    assert text.splitlines() == [
        ":020000040001F9",
        ":02FFFE000102FE",
        ":020000040002F8",
        ":0100000003FC",
        ":0400000500000101F5",
        ":00000001FF",
    ]


def load_hex(text: str) -> dict[int, int]:
    """Bytes by address, read back the way a flasher does."""
    loaded: dict[int, int] = {}
    upper = 0
    for line in text.splitlines():
        record = bytes.fromhex(line[1:])
        assert line[0] == ":"
        assert sum(record) % 256 == 0
        count, offset, kind = record[0], int.from_bytes(record[1:3], "big"), record[3]
        data = record[4:-1]
        assert len(data) == count
        if kind == 4:
            upper = int.from_bytes(data, "big") << 16
        elif kind == 0:
            assert offset + count <= 0x10000
            for number, byte in enumerate(data):
                assert upper + offset + number not in loaded
                loaded[upper + offset + number] = byte
    return loaded


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=200)), min_size=1, max_size=4
    ),
    st.sampled_from([0, 0x10000, 0xFF80, 0x0800_FFF1, 0xFFFE_0000]),
)
def test_images_hold_every_byte(pieces: list[tuple[int, bytes]], origin: int) -> None:
    placed = []
    at = origin
    for gap, data in pieces:
        at += gap
        placed.append((at, data))
        at += len(data)
    expected = {start + i: byte for start, data in placed for i, byte in enumerate(data)}
    image = image_of(*reversed(placed))
    assert load_hex(hex_image(image)) == expected
    start, binary = binary_image(image)
    assert start == placed[0][0]
    assert len(binary) == at - start
    for offset, byte in enumerate(binary):
        assert byte == expected.get(start + offset, 0xFF)


def test_images_that_cannot_be() -> None:
    with pytest.raises(ToolError, match="overlap in flash at 0x00000102"):
        hex_image(image_of((0x100, b"abc"), (0x102, b"d")))
    with pytest.raises(ToolError, match="nothing in it to flash"):
        binary_image(image_of())
    with pytest.raises(ToolError, match="unused bytes"):
        binary_image(image_of((0, b"a"), (MAX_GAP_BYTES + 2, b"b")))
