"""How often code can wait for its flash, at most: counted by hand on small blocks."""

from __future__ import annotations

from tinycompress.device.emulator.decode import Decoder
from tinycompress.device.emulator.flash_reads import FlashReads

FLASH, RAM = 0x10000, 0x2000_0000
NOP, LDR, LDR_SP = b"\x00\xbf", b"\x08\x68", b"\x01\x98"  # ldr r0, [r1]; ldr r0, [sp, #4]
LDM, STR = b"\x1c\xc8", b"\x08\x60"  # ldm r0!, {r2, r3, r4}; str r0, [r1]
TBB = b"\xd0\xe8\x01\xf0"  # tbb [r0, r1]

READS = FlashReads(16, lambda address: address < RAM)


def most(code: bytes, address: int = FLASH) -> int:
    return READS.most(Decoder(has_armv8m=False).block(address, code))


def test_every_line_that_code_touches_and_what_is_read_ahead() -> None:
    # Two bytes and the twelve behind them are one line, or two where they straddle.
    assert most(NOP) == 1
    assert most(NOP, FLASH + 2) == 1
    assert most(NOP, FLASH + 4) == 2
    assert most(NOP * 16) == 3
    assert most(NOP, FLASH + 14) == 2


def test_every_word_that_may_come_from_flash() -> None:
    code_alone = most(NOP)
    assert most(LDR) - code_alone == 1
    assert most(LDM) - code_alone == 3
    assert most(TBB) - most(NOP * 2) == 1
    assert most(LDR_SP) == most(STR) == code_alone


def test_code_in_ram_waits_for_its_constants_alone() -> None:
    assert most(NOP, RAM) == 0
    assert most(LDR, RAM) == 1
