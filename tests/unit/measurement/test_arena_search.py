"""Searching for the least arena: the search itself, what the board holds, changing a constant."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases.kernels import options
from support.firmware.projects import copy_project, link
from support.models.tflite_files import Builder

from tinycompress.artifacts import RamSizes
from tinycompress.boards import load_board
from tinycompress.elf import patched, read_elf
from tinycompress.errors import ConfigError, ModelError
from tinycompress.measurement.arena import largest_arena_bytes, least, margin_bytes
from tinycompress.oracle import host_arena_bytes


@given(st.data(), st.integers(1, 4000))
def test_the_least_is_found_from_any_guess(data: st.DataObject, known: int) -> None:
    answer = data.draw(st.integers(0, known))
    guess = data.draw(st.integers(0, 2 * known))
    asked: list[int] = []

    def suffices(units: int) -> bool:
        asked.append(units)
        return units >= answer

    assert least(suffices, guess, known) == answer
    assert len(asked) == len(set(asked)), "nothing is tried twice"
    assert len(asked) <= 2 * known.bit_length() + 2


def test_a_good_guess_is_cheap() -> None:
    asked: list[int] = []

    def suffices(units: int) -> bool:
        asked.append(units)
        return units >= 1427

    assert least(suffices, 1426, 15000) == 1427
    assert len(asked) <= 3


def test_the_margin_is_stated() -> None:
    assert margin_bytes(1168) == 128
    assert margin_bytes(100_720) == 1584
    assert margin_bytes(100_720) % 16 == 0


def test_stack_and_static_data_come_off_where_they_share_the_region() -> None:
    board = load_board("nano33")
    region = board.region_for("arena")
    assert {"stack", "data", "arena"} <= set(region.holds)
    ram = RamSizes(arena_bytes=16, static_bytes=2000, stack_reserved_bytes=8192)
    most = largest_arena_bytes(ram, board)
    assert most % 16 == 0
    assert 0 < region.length - most - 2000 - 8192 <= 64


def test_a_constant_is_changed_and_nothing_else(tmp_path: Path) -> None:
    elf = link(copy_project("mps2_an386", tmp_path / "project"), "zig", tmp_path / "f.elf")
    image = read_elf(elf)
    symbol = image.require_symbol("tc_vectors")
    before = image.read(symbol.address, symbol.size_bytes)
    wanted = bytes(255 - byte for byte in before)
    changed = patched(elf, symbol.name, wanted)
    (tmp_path / "changed.elf").write_bytes(changed)
    assert read_elf(tmp_path / "changed.elf").read(symbol.address, len(wanted)) == wanted
    differing = sum(a != b for a, b in zip(elf.read_bytes(), changed, strict=True))
    assert differing == len(wanted)


def test_what_is_not_in_the_file_cannot_be_changed(tmp_path: Path) -> None:
    elf = link(copy_project("mps2_an386", tmp_path / "project"), "zig", tmp_path / "f.elf")
    with pytest.raises(ConfigError, match="no symbol"):
        patched(elf, "tcm_arena_bytes", struct.pack("<I", 1))
    with pytest.raises(ConfigError, match="no constant of 3 bytes"):
        patched(elf, "tc_vectors", b"abc")


def test_the_hosts_arena_is_the_least_that_runs(examples_dir: Path) -> None:
    tflite = (examples_dir / "digits" / "digits_int8.tflite").read_bytes()
    found = host_arena_bytes(tflite, at_least=1024)
    assert found % 16 == 0
    assert found == host_arena_bytes(tflite, at_least=0)
    assert host_arena_bytes(tflite, at_least=found) == found


def test_a_model_that_tflm_refuses_has_no_arena() -> None:
    b = Builder()
    x, y = (b.tensor([1, 4], name=n, scales=[0.5], zero_points=[0]) for n in ("x", "y"))
    b.op("GELU", [x], [y], options("Gelu"))
    with pytest.raises(ModelError, match="does not run"):
        host_arena_bytes(b.pack([x], [y]))


def test_the_hosts_arena_of_a_model_that_looks_up_its_input() -> None:
    """Memory that nobody wrote holds no indices: TFLM fails on it, in an arena of any size."""
    b = Builder()
    words = b.tensor([1, 12], "INT32", name="words")
    table = b.tensor([50, 8], data=np.ones((50, 8), np.int8), scales=[0.5], zero_points=[0])
    y = b.tensor([1, 12, 8], name="y", scales=[0.5], zero_points=[0])
    b.op("GATHER", [table, words], [y], options("Gather"))
    assert host_arena_bytes(b.pack([words], [y])) < 10_000


def test_naming_the_pipeline_loads_no_emulator() -> None:
    code = (
        "import sys; import tinycompress.pipeline;"
        "print(*{'unicorn', 'capstone', 'tflite_micro', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
