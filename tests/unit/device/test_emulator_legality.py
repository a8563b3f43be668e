"""Which accesses are checked for alignment, and where in a block."""

from __future__ import annotations

import pytest

from tinycompress.device.emulator.decode import Decoder, instruction_sizes
from tinycompress.device.emulator.legality import alignment_rules

LDRD = "d0e90223"  # ldrd r2, r3, [r0, #8]
LDR_POST = "51f8040b"  # ldr r0, [r1], #4
LDRB_POST = "11f8012b"  # ldrb r2, [r1], #1
LDM_R1 = "91e80c00"  # ldm.w r1, {r2, r3}
ADDS_R0_4 = "0430"
MOV_R0_R5 = "2846"
MOVS_R0_0 = "0020"
IT_EQ = "08bf"
PUSH_R4 = "10b4"


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        (LDRD, [("r0", 8, True)]),
        # One check does for both: the same register, the same remainder.
        (LDRD + LDRD, [("r0", 8, True)]),
        (ADDS_R0_4 + LDRD, [("r0", 12, True)]),
        (MOV_R0_R5 + LDRD, [("r5", 8, True)]),
        # What was loaded or computed is known only at the instruction itself.
        (LDR_POST + LDRD, [("r0", 8, False)]),
        (MOVS_R0_0 + LDRD, [("r0", 8, False)]),
        (LDRB_POST + LDM_R1, [("r1", 1, True)]),
        (LDRB_POST + LDM_R1 + LDRB_POST + LDM_R1, [("r1", 1, True), ("r1", 2, True)]),
        (IT_EQ + LDRD, []),
        (PUSH_R4, []),
    ],
)
def test_rules(code: str, rules: list[tuple[str, int, bool]]) -> None:
    block = Decoder(has_armv8m=False).block(0x100, bytes.fromhex(code))
    found = [(rule.base, rule.offset, rule.at_entry) for rule in alignment_rules(block)]
    assert found == rules


def test_sizes_follow_from_the_halfwords_alone() -> None:
    code = bytes.fromhex(LDRD + ADDS_R0_4 + "ffff0000" + MOVS_R0_0)
    assert list(instruction_sizes(code)) == [4, 2, 4, 2]
    # What capstone does not know is there all the same.
    block = Decoder(has_armv8m=False).block(0, code)
    assert [(i.address, i.size_bytes) for i in block] == [(0, 4), (4, 2), (6, 4), (10, 2)]
