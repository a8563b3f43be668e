"""Instruction counts are exact, whatever stops the processor on its way, and always the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.device.emulator import M0PLUS, M3, M4, M7, M33, program, run

from tinycompress.device.emulator import VirtualBoard
from tinycompress.device.emulator.machine import Machine

NATIVE = pytest.mark.parametrize("native", [True, False], ids=["native", "python"])


@dataclass(frozen=True)
class Loop:
    """A program of ``passes`` times ``per_pass`` and ``once`` instructions, wfi included."""

    name: str
    board: str
    code: str
    passes: int
    per_pass: int
    once: int

    @property
    def instructions(self) -> int:
        return self.passes * self.per_pass + self.once


LOOPS = (
    Loop("plain", M4, "ldr r0, =1000\n1: subs r0, #1\nbne 1b\nwfi", 1000, 2, 2),
    Loop("m0", M0PLUS, "movs r0, #200\n1: adds r1, r0\nsubs r0, #1\nbne 1b\nwfi", 200, 3, 2),
    # An instruction whose condition fails counts as executed, as in QEMU.
    Loop(
        "it_block", M4,
        "ldr r0, =999\nmovs r1, #0\n1: tst r0, #1\nitete eq\naddeq r1, #1\nsubne r1, #2\n"
        "moveq r2, r1\nmovne r3, r1\nsubs r0, #1\nbne 1b\nwfi", 999, 8, 3,
    ),
    Loop(
        "branch_in_it", M4,
        "movs r0, #100\n1: cmp r0, #50\nit eq\nbeq 2f\n2: subs r0, #1\nbne 1b\nwfi", 100, 5, 2,
    ),
    Loop(
        "calls", M4,
        "movs r0, #77\n1: bl 3f\nsubs r0, #1\nbne 1b\nwfi\n"
        "3: push {r4, lr}\nmla r4, r0, r0, r4\npop {r4, pc}", 77, 6, 2,
    ),
    # The emulator cuts blocks where pages of 1 KiB end: 700 wide instructions cross three.
    Loop(
        "long_block", M4, "movs r0, #5\n1:\n.rept 700\nadd.w r1, r1, #1\n.endr\nsubs r0, #1\n"
        "cbz r0, 2f\nb.w 1b\n2: wfi", 5, 703, 1,
    ),
    Loop(
        "simd", M33,
        "movs r0, #50\n1: sxtb16 r1, r0\nsmlad r2, r1, r1, r2\nsubs r0, #1\nbne 1b\nwfi",
        50, 4, 2,
    ),
    Loop("m3", M3, "movs r0, #50\n1: umull r1, r2, r0, r0\nsubs r0, #1\nbne 1b\nwfi", 50, 3, 2),
    Loop("m7", M7, "movs r0, #50\n1: vadd.f64 d0, d0, d0\nsubs r0, #1\nbne 1b\nwfi", 50, 3, 6),
)  # fmt: skip

ENABLE_FPU = "ldr r1, =0xE000ED88\nldr r2, =0xF00000\nstr r2, [r1]\nisb\n"


def _code(loop: Loop) -> str:
    return (ENABLE_FPU + loop.code) if "f64" in loop.code else loop.code


@NATIVE
@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_counting_loops(tmp_path: Path, loop: Loop, native: bool) -> None:
    board = run(tmp_path, _code(loop) + "\n.ltorg\n", loop.board, native=native)
    by_function = board.instructions_by_function()
    # On the RP2040 the second-stage boot loader comes first.
    boot = sum(n for name, n in by_function.items() if name.startswith("0x"))
    assert board.instructions == loop.instructions + boot
    assert by_function["start"] == loop.instructions
    assert (boot > 0) == (loop.board == M0PLUS)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_stopping_before_every_block_changes_nothing(
    tmp_path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, elf = program(tmp_path, _code(loop) + "\n.ltorg\n", loop.board)
    whole = VirtualBoard(target, elf)
    assert whole.run() == "ended"

    stops = 0
    step = Machine._step

    def one_block(machine: Machine) -> None:
        nonlocal stops
        stops += 1
        machine._counter.fuel = 1
        step(machine)

    monkeypatch.setattr(Machine, "_step", one_block)
    stepped = VirtualBoard(target, elf)
    assert stepped.run() == "ended"
    assert stops > loop.passes
    assert stepped.instructions == whole.instructions
    assert stepped.cycles == whole.cycles
    names = [f"r{n}" for n in range(13)]
    assert [stepped.register(n) for n in names] == [whole.register(n) for n in names]


def test_native_and_python_counters_agree_on_cycles(tmp_path: Path) -> None:
    code = (
        "ldr r5, =500\n1: ldr r0, [sp, #-8]\nldrb r1, [sp, #-12]\nands r1, r5, #3\nbeq 2f\n"
        "adds r2, r1\n2: subs r5, #1\nbne 1b\nwfi\n.ltorg\n"
    )
    target, elf = program(tmp_path, code)
    boards = [VirtualBoard(target, elf, native=native) for native in (True, False)]
    assert [board.run() for board in boards] == ["ended", "ended"]
    assert boards[0].cycles == boards[1].cycles
    assert boards[0].instructions == boards[1].instructions


def test_taken_and_untaken_branches_cost_what_the_tables_say(tmp_path: Path) -> None:
    """100 passes: 3 cycles each on a Cortex-M4 while the branch is taken, 2 the last time."""
    code = ".balign 4\nmovs r0, #100\nnop\n1: subs r0, #1\nbne 1b\nwfi\n"
    board = run(tmp_path, code)
    assert board.instructions == 2 + 200 + 1
    assert board.cycles == 2 + (99 * 3 + 2) + 1


def test_trace_notes_the_counts_before_the_first_instruction(tmp_path: Path) -> None:
    code = "bl tc_platform_ticks\nmovs r1, #10\n1: subs r1, #1\nbne 1b\nbl tc_platform_ticks\nwfi\n"
    board = run(tmp_path, code)
    first, second = board.trace
    assert first.instructions == 1
    # bx lr, movs, ten passes of two, bl
    assert second.instructions - first.instructions == 1 + 1 + 20 + 1
    # A word is a line on this board: each pass may fetch its two instructions and twelve bytes.
    assert second.flash_reads - first.flash_reads >= 10 * 4
    board.clear_trace()
    assert board.trace == []


@NATIVE
def test_the_same_program_gives_the_same_figures(tmp_path: Path, native: bool) -> None:
    target, elf = program(tmp_path, LOOPS[2].code + "\n.ltorg\n")
    figures = set()
    for _ in range(3):
        board = VirtualBoard(target, elf, native=native)
        board.run()
        figures.add((board.instructions, board.cycles))
    board.reset()
    assert board.instructions == 0
    board.run()
    figures.add((board.instructions, board.cycles))
    assert len(figures) == 1


CYCCNT = """
    ldr r0, =0xE000EDFC
    movs r1, #1
    lsls r1, r1, #24
    str r1, [r0]
    ldr r0, =0xE0001000
    movs r1, #1
    str r1, [r0]
    ldr r2, [r0, #4]
    nop
    nop
    nop
    ldr r3, [r0, #4]
    wfi
    .ltorg
"""


def test_the_firmware_reads_its_own_cycles(tmp_path: Path) -> None:
    board = run(tmp_path, CYCCNT)
    # From one load to the other: the load (2) and three nops.
    assert board.register("r3") - board.register("r2") == 5


def test_a_counter_read_in_an_it_block_is_exact(tmp_path: Path) -> None:
    """Here Unicorn cannot stop, and would not tell the program counter either."""
    it_block = CYCCNT.replace(
        "    ldr r3, [r0, #4]\n", "    cmp r1, r1\n    it eq\n    ldreq r3, [r0, #4]\n"
    )
    board = run(tmp_path, it_block)
    # The IT is folded into the comparison before it.
    assert board.register("r3") - board.register("r2") == 6
    assert board.instructions == run_instructions(CYCCNT) + 2


def run_instructions(code: str) -> int:
    lines = [line.strip() for line in code.strip().splitlines()]
    return sum(1 for line in lines if line and not line.startswith("."))


def test_two_reads_in_one_block_are_told_apart(tmp_path: Path) -> None:
    code = CYCCNT.replace("    nop\n", "")
    board = run(tmp_path, code)
    assert board.register("r3") - board.register("r2") == 2


def test_a_dead_counter_stays_dead(tmp_path: Path) -> None:
    without_trace = CYCCNT.replace(
        "    str r1, [r0]\n    ldr r0, =0xE0001000", "    ldr r0, =0xE0001000"
    )
    board = run(tmp_path, without_trace)
    assert board.register("r2") == board.register("r3") == 0


def test_systick_counts_down_and_wraps(tmp_path: Path) -> None:
    code = """
        ldr r0, =0xE000E010
        movs r1, #99
        str r1, [r0, #4]
        movs r1, #0
        str r1, [r0, #8]
        movs r1, #5
        str r1, [r0]
        movs r2, #250
    1:  subs r2, #1
        bne 1b
        ldr r3, [r0, #8]
        ldr r4, [r0]
        ldr r5, [r0]
        wfi
        .ltorg
    """
    board = run(tmp_path, code, M0PLUS)
    assert board.register("r3") <= 99
    assert board.register("r4") == 0x10005
    assert board.register("r5") == 0x5
