"""Cycles of hand-written code against the instruction timing tables of Arm's manuals.

The expected numbers are written down from the tables, instruction by instruction.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from support.device.emulator import M0PLUS, M3, M4, M7, M33, START, link

from tinycompress.boards import load_board
from tinycompress.device.emulator.core_timings import TIMINGS
from tinycompress.device.emulator.decode import Decoder
from tinycompress.device.emulator.timing import CycleModel
from tinycompress.elf import read_elf


@dataclass(frozen=True)
class Case:
    name: str
    board: str
    code: str
    cycles: int


# The assembler takes the FPU of the core, not of the board.
FPU = {M0PLUS: "", M3: "", M4: ".fpu fpv4-sp-d16", M7: ".fpu fpv5-d16", M33: ""}

CASES = (
    # Cortex-M0+ (DDI 0484C, table 3-1)
    Case("m0_data", M0PLUS, "movs r0, #1; adds r0, r0, r1; lsls r0, r1; rev r0, r0", 4),
    Case("m0_fast_multiply", M0PLUS, "muls r0, r1, r0", 1),
    Case("m0_loads_do_not_pipeline", M0PLUS, "ldr r0, [r1]; ldrb r2, [r3, r4]; str r0, [r1]", 6),
    Case("m0_multiple", M0PLUS, "ldm r0!, {r1, r2, r3}; push {r4, r5, lr}", 4 + 4),
    Case("m0_pop_pc", M0PLUS, "pop {r4, pc}", 3 + 2),
    Case("m0_branches", M0PLUS, "b .", 2),
    Case("m0_call", M0PLUS, "bl .", 3),
    Case("m0_indirect_call", M0PLUS, "blx r0", 2),
    Case("m0_return", M0PLUS, "bx lr", 2),
    Case("m0_barrier_and_system", M0PLUS, "dsb; mrs r0, primask", 6),
    # Cortex-M3 (DDI 0337I, table 3-1, highest of each range)
    Case("m3_mla", M3, "mul r0, r1, r2; mla r0, r1, r2, r3; mls r0, r1, r2, r3", 1 + 2 + 2),
    Case("m3_long", M3, "umull r0, r1, r2, r3; smlal r0, r1, r2, r3", 5 + 7),
    Case("m3_divide", M3, "sdiv r0, r1, r2", 12),
    # Cortex-M4 (DDI 0439D, table 3-1 and 3.3.2)
    Case("m4_data", M4, "add r0, r1, r2, lsl #3; movw r0, #1000; ubfx r0, r1, #2, #3", 3),
    Case("m4_multiply", M4, "mul r0, r1, r2; mla r0, r1, r2, r3; smlal r0, r1, r2, r3", 3),
    Case("m4_dsp", M4, "smlad r0, r1, r2, r0; sxtb16 r1, r2; ssat r0, #8, r1", 3),
    Case("m4_load", M4, "ldr r0, [r1]; add r2, r2, r3", 2 + 1),
    # The examples of 3.3.2, with the totals that stand there.
    Case("m4_two_loads", M4, "ldr r0, [r1]; ldr r1, [r2]", 3),
    Case("m4_load_store_imm", M4, "ldr r0, [r1, r2]; str r0, [r3, #20]", 3),
    Case("m4_load_store_reg", M4, "ldr r0, [r1, r2]; str r1, [r3, r2]", 3),
    Case("m4_three_loads", M4, "ldr r0, [r1, r5]; ldr r1, [r2]; ldr r2, [r3, #4]", 4),
    Case("m4_dependent_loads", M4, "ldr r0, [r1]; ldr r2, [r0]", 4),
    Case("m4_post_indexed", M4, "ldr r0, [r1], #4; ldr r2, [r3], #4", 3),
    Case("m4_store_imm", M4, "str r0, [r1, #4]; str r2, [r1, #8]", 2),
    Case("m4_store_then_load", M4, "str r0, [r1, r2]; ldr r3, [r4]", 4),
    Case("m4_ldrd_alone", M4, "ldr r0, [r1]; ldrd r2, r3, [r4]; ldr r5, [r6]", 2 + 3 + 2),
    Case("m4_multiple", M4, "ldm r0, {r1-r4}; stm r0, {r1-r3}; push {r4, lr}", 5 + 4 + 3),
    Case("m4_address_stall", M4, "add r1, r1, #4; ldr r0, [r1]", 1 + 2 + 1),
    Case("m4_no_address_stall", M4, "add r2, r1, #4; ldr r0, [r1]", 1 + 2),
    Case("m4_it_folds_after_narrow", M4, "movs r0, #1; it eq; addeq r1, r1, r2", 2),
    Case("m4_it_costs_after_wide", M4, "movw r0, #1000; it eq; addeq r1, r1, r2", 3),
    Case("m4_branch_taken", M4, "b .", 1 + 1),
    Case("m4_return", M4, "bx lr", 1 + 2),
    Case("m4_pop_pc", M4, "pop {r4, pc}", 1 + 2 + 3),
    Case("m4_load_pc", M4, "ldr pc, [r0]", 5),
    Case("m4_table_branch", M4, "tbb [pc, r0]", 6),
    Case("m4_float", M4, "vadd.f32 s0, s1, s2; vmul.f32 s0, s1, s2; vcvt.s32.f32 s0, s0", 3),
    Case("m4_float_fma", M4, "vfma.f32 s0, s1, s2; vmla.f32 s3, s4, s5", 6),
    Case("m4_float_divide", M4, "vdiv.f32 s0, s1, s2; vsqrt.f32 s0, s1", 28),
    Case("m4_float_loads", M4, "vldr s0, [r0]; vldr d1, [r0, #8]; vstr s0, [r0]", 2 + 3 + 2),
    Case("m4_float_multiple", M4, "vpush {d8, d9}; vldmia r0!, {s0-s2}", 5 + 4),
    Case("m4_float_moves", M4, "vmov r0, s0; vmov r0, r1, d0", 1 + 2),
    # Assumed: docs/virtual-boards.md
    Case("m33_like_m4", M33, "ldr r0, [r1]; ldr r1, [r2]; smlad r0, r1, r2, r0", 4),
    Case("m7_loads", M7, "ldr r0, [r1]; ldr r2, [r0]; str r0, [r1]; smlal r0, r1, r2, r3", 4),
    Case("m7_doubles", M7, "vdiv.f64 d0, d1, d2; vadd.f64 d0, d1, d2", 28 + 1),
    Case("m7_predicted_branch", M7, "b .", 1),
)  # fmt: skip


@pytest.fixture(scope="module")
def assembled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, bytes]]:
    """Address and code of every case."""
    found = {}
    for board in {case.board for case in CASES}:
        labels = "".join(
            f".balign 4\n.global {case.name}\n{case.name}: {case.code}\n.global {case.name}_end\n"
            f"{case.name}_end: nop\n"
            for case in CASES
            if case.board == board
        )
        elf = link(
            tmp_path_factory.mktemp(board), load_board(board), ("t.s", FPU[board] + START + labels)
        )
        image = read_elf(elf)
        for case in CASES:
            if case.board == board:
                start = image.require_symbol(case.name).address & ~1
                end = image.require_symbol(f"{case.name}_end").address & ~1
                found[case.name] = start, image.read(start, end - start)
    return found


def _model(board: str) -> tuple[Decoder, CycleModel]:
    core = load_board(board).cpu.core
    return Decoder(has_armv8m=core == "cortex-m33"), CycleModel(TIMINGS[core])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_block_cost(case: Case, assembled: dict[str, tuple[int, bytes]]) -> None:
    decoder, model = _model(case.board)
    block = decoder.block(*assembled[case.name])
    assert len(block) == case.code.count(";") + 1
    assert model.block_cost(block) == case.cycles


@pytest.mark.parametrize(
    ("code", "board", "refund"),
    [
        (bytes.fromhex("fed0"), M4, 1),  # beq . : 2 taken, 1 not
        (bytes.fromhex("fed0"), M0PLUS, 1),
        (bytes.fromhex("fed0"), M7, 0),
        (bytes.fromhex("10bd"), M4, 5),  # pop {r4, pc} in an IT block that fails
        (bytes.fromhex("0868"), M4, 0),  # ldr r0, [r1]: the emulator cut the code in two here
    ],
)
def test_falling_through_costs_one_cycle(code: bytes, board: str, refund: int) -> None:
    decoder, model = _model(board)
    assert model.refund(decoder.block(0x1000, code)[-1]) == refund


@pytest.mark.parametrize(
    ("address", "code", "board", "penalty"),
    [
        (0x1002, "40f2e830", M4, 1),  # movw r0, #1000 across two words
        (0x1000, "40f2e830", M4, 0),
        (0x1002, "0120", M4, 0),
        (0x1002, "40f2e830", M7, 0),
    ],
)
def test_branch_to_a_straddling_instruction(
    address: int, code: str, board: str, penalty: int
) -> None:
    decoder, model = _model(board)
    assert model.target_penalty(decoder.block(address, bytes.fromhex(code))[0]) == penalty
