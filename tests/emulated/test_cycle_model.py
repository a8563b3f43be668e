"""How `make cycle-model` builds, runs and checks a program: one that stands in for upstream's."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cycle_model.boards import build, run
from benchmarks.cycle_model.programs import COREMARK, DHRYSTONE, Program
from benchmarks.cycle_model.published import BOARDS, PUBLISHED
from tinycompress.boards import load_board
from tinycompress.errors import ConfigError, DeviceError

_ROUNDS = 50
_SOURCE = """
#include <stdint.h>
#include "tc_platform.h"
uint32_t answer;
int main(void) {
    tc_platform_init();
    (void)tc_platform_ticks();
    for (uint32_t i = 0; i < ITERATIONS; ++i) {
        __asm volatile(".rept 100\\n nop\\n .endr");
    }
    (void)tc_platform_ticks();
    answer = 42;
    return 0;
}
"""


def _stand_in(directory: Path, expected: int = 42) -> Program:
    (directory / "nops.c").write_text(_SOURCE)
    return Program(
        name="nops", unit="nops/MHz", upstream=("nops.c",), port=(), port_directory=directory / "x",
        flags=("-std=c11",), iterations=_ROUNDS,
        score=lambda iterations, cycles: iterations / cycles,
        problem=lambda words, _: None if words("answer", 1, 4) == (expected,) else "a wrong answer",
    )  # fmt: skip


@pytest.mark.gcc
@pytest.mark.parametrize("name", sorted(BOARDS.values()))
def test_a_program_runs_on_the_board_of_every_core(tmp_path: Path, name: str) -> None:
    board = load_board(name)
    program = _stand_in(tmp_path)
    found = run(program, board, build(program, tmp_path, board, ("-O2",), tmp_path / "build"))
    assert found.iterations == _ROUNDS
    # A hundred of one cycle each, and the loop around them.
    assert 100 * _ROUNDS < found.instructions < 106 * _ROUNDS
    assert found.instructions <= found.cycles < 110 * _ROUNDS


@pytest.mark.gcc
def test_a_wrong_answer_is_refused(tmp_path: Path) -> None:
    board = load_board("qemu_mps2_an385")
    program = _stand_in(tmp_path, expected=43)
    elf = build(program, tmp_path, board, ("-O2",), tmp_path / "build")
    with pytest.raises(DeviceError, match="a wrong answer"):
        run(program, board, elf)


def test_a_directory_without_the_sources_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no checkout of CoreMark"):
        COREMARK.sources(tmp_path)


def test_checksums_of_coremark_are_compared() -> None:
    assert COREMARK.problem(lambda *_: (0, 0xE714, 0x1FD7, 0x8E3A), 1) is None
    assert COREMARK.problem(lambda *_: (0, 0xE714, 0x1FD7, 0x8E3B), 1) is not None
    assert COREMARK.problem(lambda *_: (1, 0xE714, 0x1FD7, 0x8E3A), 1) is not None


def test_variables_of_dhrystone_are_compared() -> None:
    right = {
        "Int_Glob": (5,), "Bool_Glob": (1,), "Ch_1_Glob": (65,), "Ch_2_Glob": (66,),
        "Arr_1_Glob": (7,) * 50, "Arr_2_Glob": (30,) * 2500,
    }  # fmt: skip
    assert DHRYSTONE.problem(lambda name, *_: right[name], 20) is None
    assert DHRYSTONE.problem(lambda name, *_: right[name], 21) is not None


def test_units_are_those_of_the_field() -> None:
    assert COREMARK.score(10, 5_000_000) == 2.0
    assert DHRYSTONE.score(1757, 1_000_000) == pytest.approx(1.0)


def test_every_published_figure_has_a_board() -> None:
    assert {each.core for each in PUBLISHED} == set(BOARDS)
    assert all(load_board(board).cpu.core == core for core, board in BOARDS.items())
