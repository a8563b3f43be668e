"""What silicon refuses, a virtual board refuses too, and says where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.device.emulator import M0PLUS, M3, M4, M33, START, TICKS, link, program, run

from tinycompress.boards import load_board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError

NRF = "arduino_nano_33_ble"
FPU_ON = "ldr r0, =0xE000ED88\nldr r1, =0xF00000\nstr r1, [r0]\nisb\n"


def _function(body: str, name: str = "culprit") -> str:
    return (
        f"bl {name}\nwfi\n.ltorg\n.balign 4\n"
        f".thumb_func\n.type {name}, %function\n{name}:\n{body}\n"
        f"bx lr\n.ltorg\n.size {name}, . - {name}\n"
    )


@pytest.mark.parametrize("native", [True, False], ids=["native", "python"])
@pytest.mark.parametrize(
    ("board", "body", "message"),
    [
        (M4, "ldr r0, =0x30000000\nldr r1, [r0]", "read of 4 bytes from no memory at 0x30000000"),
        (M4, "ldr r0, =0x30000001\nstrb r1, [r0]", "write of 1 bytes to no memory at 0x30000001"),
        (M4, "movs r0, #0x80\nstr r1, [r0]", "write of 4 bytes to flash at 0x00000080"),
        (M4, "ldr r0, =0x20400000\nldrh r1, [r0]", "read of 2 bytes from no memory at 0x20400000"),
        (M4, "ldr r0, =0x40010000\nldr r1, [r0]", "unmodelled peripheral: read of 4 bytes"),
        (M4, "ldr r0, =0x40004100\nstr r1, [r0]", r"unmodelled peripheral register: write of 4 "
         r"bytes at 0x40004100 \(UART0, offset 0x100\)"),
        (M4, "ldr r0, =0x40004100\ncmp r0, r0\nit eq\nstreq r1, [r0]", "UART0, offset 0x100"),
        (M4, "udf #7", "undefined instruction 0xde07"),
        (M4, "svc #1", "SVC"),
        (M4, "bkpt #1", "breakpoint"),
        (M4, "ldr r0, =0x20000101\nldrd r2, r3, [r0]", "unaligned access: ldrd at 0x20000101"),
        (M4, "ldr r0, =0x20000102\nldm r0, {r1, r2}", "unaligned access: ldm at 0x20000102"),
        (M4, "ldr r0, =0x20000101\nstrd r2, r3, [r0, #8]", "unaligned access: strd at 0x20000109"),
        (M4, FPU_ON + "ldr r0, =0x20000102\nvldr s0, [r0]", "unaligned access: vldr"),
        (M0PLUS, "ldr r0, =0x20000101\nldr r1, [r0]", "unaligned access"),
        (M0PLUS, "ldr r0, =0x20000101\nstrh r1, [r0]", "unaligned access"),
        (M4, "vmov.f32 s0, #1.0", "before CPACR switches the FPU on"),
        (NRF, "ldr r0, =0xE000E100\nmovs r1, #4\nstr r1, [r0]", "enables an interrupt"),
        (NRF, "ldr r0, =0xE000ED0C\nldr r1, =0x05FA0004\nstr r1, [r0]", "asked for a reset"),
    ],
)  # fmt: skip
def test_fault_names_kind_address_and_function(
    tmp_path: Path, board: str, body: str, message: str, native: bool
) -> None:
    with pytest.raises(DeviceError, match=message) as caught:
        run(tmp_path, _function(body), board, native=native)
    assert re.search(
        r", in culprit(\+0x[0-9a-f]+)? \(pc 0x[0-9a-f]{8}\)", caught.value.message or ""
    )
    assert str(caught.value).startswith(load_board(board).id)
    assert caught.value.phase == "RUN"


@pytest.mark.parametrize("body", ["ldr r1, [r0]", "ldrh r1, [r0, #1]", "str r1, [r0]"])
def test_mainline_cores_allow_unaligned_single_accesses(tmp_path: Path, body: str) -> None:
    board = run(tmp_path, f"ldr r0, =0x20000101\n{body}\nmovs r5, #7\nwfi\n.ltorg\n")
    assert board.register("r5") == 7


@pytest.mark.parametrize(
    ("board", "arch", "instruction", "needs"),
    [
        (M3, ".arch armv7e-m", "smlad r0, r0, r0, r0", "the DSP extension"),
        (M3, ".arch armv7e-m", "sxtb16 r0, r1", "the DSP extension"),
        (M3, ".fpu fpv4-sp-d16", "nop\nvmov.f32 s0, #1.0", "an FPU"),
        (M4, ".fpu fpv5-d16", FPU_ON + "vadd.f64 d0, d0, d0", "a double-precision FPU"),
    ],
)
def test_instructions_that_the_core_lacks(
    tmp_path: Path, board: str, arch: str, instruction: str, needs: str
) -> None:
    target = load_board(board)
    wide = load_board("qemu_mps2_an500")
    text = arch + START + instruction + "\nwfi\n.ltorg\n" + TICKS
    # Assembled for a core that has them, laid out for the one that has not.
    elf = link(tmp_path, wide, ("t.s", text), code_at=target.region_for("code").origin)
    with pytest.raises(DeviceError, match=f"needs {needs}, which the"):
        VirtualBoard(target, elf).run()


def test_cortex_m0plus_has_no_thumb2(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="undefined instruction 0xfbb0 0xf0f0"):
        run(tmp_path, ".short 0xfbb0, 0xf0f0\nwfi\n", M0PLUS)  # udiv r0, r0, r0


def test_stack_overflow_below_ram(tmp_path: Path) -> None:
    body = "ldr r0, =0x20000010\nmov sp, r0\n1: push {r0-r7}\nb 1b"
    with pytest.raises(
        DeviceError, match=r"at 0x1fff.*: stack overflow \(stack pointer 0x"
    ) as error:
        run(tmp_path, _function(body))
    assert "in culprit" in str(error.value)


def test_stack_limit_of_armv8m(tmp_path: Path) -> None:
    body = "ldr r0, =0x20001ff0\nmsr msplim, r0\n1: push {r0-r7}\nb 1b"
    with pytest.raises(DeviceError, match="stack overflow: the stack pointer fell below its limit"):
        run(tmp_path, _function(body), M33)


@pytest.mark.parametrize(
    ("target", "where"),
    [("0x20000101", "RAM"), ("0x30000001", "no memory"), ("0x40004001", "a peripheral")],
)
def test_execution_outside_of_code(tmp_path: Path, target: str, where: str) -> None:
    with pytest.raises(DeviceError, match="execution"):
        run(tmp_path, f"ldr r0, ={target}\nblx r0\nwfi\n.ltorg\n")


def test_branch_without_the_thumb_bit(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"undefined instruction|Thumb bit"):
        run(tmp_path, "movs r0, #0x40\nbx r0\n")


def test_endless_loop_ends_with_the_budget(tmp_path: Path) -> None:
    target, elf = program(tmp_path, "1: adds r0, #1\nb 1b\n")
    board = VirtualBoard(target, elf, max_instructions=100_000)
    board.phase = "HELLO"
    with pytest.raises(DeviceError, match="within 100000 instructions") as caught:
        board.read(1.0)
    assert caught.value.phase == "HELLO"
    assert board.instructions == 100_000


@pytest.mark.parametrize(
    ("code", "how"),
    [("1: b 1b\n", "in an endless loop in start"), ("wfi\n", "asleep in start")],
)
def test_the_end_is_told(tmp_path: Path, code: str, how: str) -> None:
    target, elf = program(tmp_path, code)
    board = VirtualBoard(target, elf)
    with pytest.raises(DeviceError, match=f"has ended {how}; it answers no more"):
        board.read(1.0)
    with pytest.raises(DeviceError, match="has ended"):
        board.read(1.0)


def test_semihosting_exit_code(tmp_path: Path) -> None:
    code = (
        "ldr r0, =0x20026\nmovs r1, #7\npush {r0, r1}\nmov r1, sp\nmovs r0, #0x20\n"
        "bkpt #0xAB\n.ltorg\n"
    )
    board = run(tmp_path, code)
    assert board.exit_code == 7
    with pytest.raises(DeviceError, match="exit code 7"):
        board.read(0)


def test_counts_stop_at_the_faulting_instruction(tmp_path: Path) -> None:
    target, elf = program(tmp_path, "movs r0, #0x80\nmovs r1, #1\nstr r1, [r0]\nmovs r2, #2\nwfi\n")
    board = VirtualBoard(target, elf)
    with pytest.raises(DeviceError, match="write of 4 bytes to flash"):
        board.run()
    assert board.instructions == 2


def test_firmware_for_another_board_is_refused(tmp_path: Path) -> None:
    _, elf = program(tmp_path, "wfi\n", M4)
    with pytest.raises(DeviceError, match="lies outside of the memory of arduino_nano_33_ble"):
        VirtualBoard(load_board(NRF), elf)


def test_use_after_close(tmp_path: Path) -> None:
    target, elf = program(tmp_path, "wfi\n")
    board = VirtualBoard(target, elf)
    board.close()
    board.close()
    with pytest.raises(DeviceError, match="after the board was closed"):
        board.write(b"x")
