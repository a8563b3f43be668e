"""Thumb instructions as the counters and the cycle model need them, decoded with capstone.

How many instructions a block has follows from the halfwords alone (Armv7-M Architecture Reference
Manual, DDI 0403E, A5.1: a first halfword of 0b11101, 0b11110 or 0b11111 begins a 32-bit
instruction), so the exact count never rests on the disassembler.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import capstone
from capstone import arm_const as arm

_FIRST_WIDE_HALFWORD = 0xE800
_PREFIX_OF_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Instruction:
    """One decoded Thumb instruction.

    ``name`` is the mnemonic without condition and width. ``registers`` is how many registers a
    load or store moves (words, for the FPU's double registers). ``writes`` leaves out a base
    register that is only updated. ``address_registers`` form a memory address; ``base`` and
    ``offset`` give it where the address is ``base + offset`` (None where it is not). ``target`` is
    where a branch with a fixed destination goes. ``moves`` is (to, from, n) where a register gets
    the value of a register plus n, by arithmetic or as the updated base of a memory access.
    """

    address: int
    size_bytes: int
    name: str
    is_load: bool = False
    is_store: bool = False
    registers: int = 0
    writes: frozenset[str] = frozenset()
    address_registers: frozenset[str] = frozenset()
    base: str | None = None
    offset: int | None = None
    is_fpu: bool = False
    is_double: bool = False
    writes_pc: bool = False
    is_conditional: bool = False
    target: int | None = None
    moves: tuple[str, str, int] | None = None

    @property
    def end(self) -> int:
        """Address of the instruction after it in memory."""
        return self.address + self.size_bytes


def instruction_sizes(code: bytes) -> Iterator[int]:
    """Yield the size in bytes of every Thumb instruction of ``code``."""
    at = 0
    while at < len(code):
        first = int.from_bytes(code[at : at + 2], "little")
        size = 4 if first >= _FIRST_WIDE_HALFWORD else 2
        yield size
        at += size


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOADS = _names(
    """
    ldr ldrb ldrh ldrsb ldrsh ldrd ldrt ldrbt ldrht ldrsbt ldrsht ldrex ldrexb ldrexh lda ldab ldah
    ldaex ldaexb ldaexh ldm ldmdb pop vldr vldmia vldmdb vpop
    """
)
_STORES = _names(
    """
    str strb strh strd strt strbt strht strex strexb strexh stl stlb stlh stlex stlexb stlexh
    stm stmdb push vstr vstmia vstmdb vpush
    """
)
MULTIPLES = _names("ldm ldmdb pop stm stmdb push vldmia vldmdb vpop vstmia vstmdb vpush")
_FPU_COPROCESSORS = (10, 11)
_BRANCHES = _names("b bl bx blx cbz cbnz tbb tbh")


class Decoder:
    """Decodes the code of one core.

    Args:
        has_armv8m: The core implements Armv8-M.
    """

    def __init__(self, *, has_armv8m: bool) -> None:
        mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS
        if has_armv8m:
            mode |= capstone.CS_MODE_V8
        self._capstone = capstone.Cs(capstone.CS_ARCH_ARM, mode)
        self._capstone.detail = True

    def block(self, address: int, code: bytes) -> tuple[Instruction, ...]:
        """Decode straight-line code that begins at ``address``."""
        decoded: list[Instruction] = []
        offset = 0
        while offset < len(code):
            # capstone stops at what it does not know; go on behind it.
            for raw in self._capstone.disasm(code[offset:], address + offset):
                decoded.append(self._describe(raw))
                offset += raw.size
            if offset < len(code):
                size = next(instruction_sizes(code[offset:]))
                decoded.append(Instruction(address + offset, size, _PREFIX_OF_UNKNOWN))
                offset += size
        return tuple(decoded)

    def _describe(self, raw: capstone.CsInsn) -> Instruction:
        name = str(self._capstone.insn_name(raw.id))
        writes = {raw.reg_name(register) for register in raw.regs_access()[1]}
        memory = next((op.mem for op in raw.operands if op.type == arm.ARM_OP_MEM), None)
        base, offset, address_registers = self._address(raw, name, memory)
        return Instruction(
            address=raw.address,
            size_bytes=raw.size,
            name=name,
            is_load=name in _LOADS,
            is_store=name in _STORES,
            registers=_moved_registers(raw, name),
            writes=frozenset(writes - {base} if _only_updates(raw, base) else writes),
            address_registers=frozenset(address_registers),
            base=base,
            offset=offset,
            is_fpu=_coprocessor(raw.bytes) in _FPU_COPROCESSORS,
            is_double=_computes_double(raw.bytes),
            writes_pc=name in _BRANCHES or "pc" in writes,
            is_conditional=raw.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID),
            target=_target(raw) if name == "b" else None,
            moves=_moves(raw, name, base, offset),
        )

    def _address(
        self, raw: capstone.CsInsn, name: str, memory: capstone.arm.ArmOpMem | None
    ) -> tuple[str | None, int | None, set[str]]:
        if memory is not None:
            base = raw.reg_name(memory.base)
            if memory.index:
                return base, None, {base, raw.reg_name(memory.index)}
            # A post-indexed access uses the base as it is.
            return base, 0 if raw.post_index else memory.disp, {base}
        if name in {"push", "pop", "vpush", "vpop"}:
            return "sp", 0, {"sp"}
        if name in MULTIPLES:
            base = raw.reg_name(raw.operands[0].reg)
            return base, 0, {base}
        return None, None, set()


def _target(raw: capstone.CsInsn) -> int | None:
    operand = raw.operands[0]
    return int(operand.imm) if operand.type == arm.ARM_OP_IMM else None


def _moves(
    raw: capstone.CsInsn, name: str, base: str | None, offset: int | None
) -> tuple[str, str, int] | None:
    operands = raw.operands
    if raw.writeback and base is not None:
        if name in MULTIPLES:
            step = 4 * _moved_registers(raw, name)
            return base, base, -step if name.endswith("db") or name.endswith("push") else step
        if raw.post_index:
            last = operands[-1]
            return (base, base, last.imm) if last.type == arm.ARM_OP_IMM else None
        return None if offset is None else (base, base, offset)
    if name not in {"add", "sub", "mov"} or any(op.shift.type for op in operands):
        return None
    registers = [raw.reg_name(op.reg) for op in operands if op.type == arm.ARM_OP_REG]
    immediates = [op.imm for op in operands if op.type == arm.ARM_OP_IMM]
    if name == "mov":
        return (registers[0], registers[1], 0) if len(registers) == 2 else None
    if len(immediates) != 1:
        return None
    return registers[0], registers[-1], immediates[0] if name == "add" else -immediates[0]


def _only_updates(raw: capstone.CsInsn, base: str | None) -> bool:
    loaded = [op for op in raw.operands if op.type == arm.ARM_OP_REG]
    return bool(raw.writeback) and all(raw.reg_name(op.reg) != base for op in loaded[:1])


def _moved_registers(raw: capstone.CsInsn, name: str) -> int:
    if name in {"ldrd", "strd"}:
        return 2
    if name not in MULTIPLES:
        if name not in _LOADS and name not in _STORES:
            return 0
        return 2 if _moves_double(raw, name) else 1
    moved = [op for op in raw.operands if op.type == arm.ARM_OP_REG]
    if name not in {"push", "pop", "vpush", "vpop"}:
        moved = moved[1:]
    # A double-precision register is two words.
    return sum(2 if raw.reg_name(op.reg).startswith("d") else 1 for op in moved)


def _halfwords(code: bytes) -> tuple[int, int]:
    return int.from_bytes(code[:2], "little"), int.from_bytes(code[2:4], "little")


def _coprocessor(code: bytes) -> int | None:
    """The coprocessor that an instruction is for (DDI 0403E, A5.3.18); 10 and 11 are the FPU."""
    first, second = _halfwords(code)
    return second >> 8 & 15 if first & 0xEC00 == 0xEC00 else None


def _computes_double(code: bytes) -> bool:
    """Whether an instruction computes with double-precision numbers, and not only moves them."""
    first, second = _halfwords(code)
    return _coprocessor(code) == 11 and first & 0xEF00 == 0xEE00 and not second & 0x10


def _moves_double(raw: capstone.CsInsn, name: str) -> bool:
    return name in {"vldr", "vstr"} and raw.reg_name(raw.operands[0].reg).startswith("d")
