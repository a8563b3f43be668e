"""What a core refuses to execute although Unicorn would: instructions it lacks, bad alignment.

Unicorn's models of the smaller cores execute some instructions that they do not have, and never
check the alignment that multiple loads need; silicon faults (DDI 0403E, A3.2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tinycompress.boards.schema import Cpu
from tinycompress.device.emulator.decode import MULTIPLES, Instruction


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DSP = _names(
    """
    pkhbt pkhtb qadd qadd16 qadd8 qasx qdadd qdsub qsax qsub qsub16 qsub8 sadd16 sadd8 sasx sel
    shadd16 shadd8 shasx shsax shsub16 shsub8 smlabb smlabt smlatb smlatt smlad smladx smlalbb
    smlalbt smlaltb smlaltt smlald smlaldx smlawb smlawt smlsd smlsdx smlsld smlsldx smmla smmlar
    smmls smmlsr smmul smmulr smuad smuadx smulbb smulbt smultb smultt smulwb smulwt smusd smusdx
    ssat16 ssax ssub16 ssub8 sxtab sxtab16 sxtah sxtb16 uadd16 uadd8 uasx uhadd16 uhadd8 uhasx
    uhsax uhsub16 uhsub8 umaal uqadd16 uqadd8 uqasx uqsax uqsub16 uqsub8 usad8 usada8 usat16 usax
    usub16 usub8 uxtab uxtab16 uxtah uxtb16
    """
)
_EXCLUSIVE = _names("ldrex strex ldrexh strexh lda stl ldaex stlex ldah stlh ldaexh stlexh")
_HALFWORD = _names("ldrexh strexh ldah stlh ldaexh stlexh")
_FPU_SINGLES = frozenset({"vldr", "vstr"})
_DOUBLE_WORD = frozenset({"ldrd", "strd"})


@dataclass(frozen=True)
class AlignmentRule:
    """An instruction that faults unless ``base + offset`` is a multiple of ``alignment``.

    ``at_entry``: base and offset are those at the entry of the block, where all of its rules can be
    checked at once; else they are those at the instruction itself.
    """

    address: int
    name: str
    base: str
    offset: int
    alignment: int
    at_entry: bool


def missing_extension(instruction: Instruction, cpu: Cpu) -> str | None:
    """The extension that an instruction needs and the core lacks, None if there is none."""
    if instruction.name in _DSP and not cpu.dsp:
        return "the DSP extension"
    if not instruction.is_fpu:
        return None
    if cpu.fpu == "none":
        return "an FPU"
    if instruction.is_double and cpu.fpu != "fpv5-d16":
        return "a double-precision FPU"
    return None


def alignment_rules(block: tuple[Instruction, ...]) -> Iterator[AlignmentRule]:
    """Yield the checks that a block needs, one for each register, offset and alignment.

    The stack pointer and the program counter are always aligned. A conditional access is not
    checked: its address means nothing when the condition fails.
    """
    known: dict[str, tuple[str, int] | None] = {}
    seen: set[tuple[str, int, int]] = set()
    for instruction in block:
        rule = _rule(instruction, known)
        if rule is not None:
            same = (rule.base, rule.offset % rule.alignment, rule.alignment)
            if not rule.at_entry or same not in seen:
                seen.add(same)
                yield rule
        _follow(instruction, known)


def _rule(
    instruction: Instruction, known: dict[str, tuple[str, int] | None]
) -> AlignmentRule | None:
    base, offset, name = instruction.base, instruction.offset, instruction.name
    if base is None or offset is None or base in {"sp", "pc"} or instruction.is_conditional:
        return None
    if name not in MULTIPLES | _DOUBLE_WORD | _FPU_SINGLES | _EXCLUSIVE:
        return None
    alignment = 2 if name in _HALFWORD else 4
    origin = known.get(base, (base, 0))
    if origin is None:
        return AlignmentRule(instruction.address, name, base, offset, alignment, at_entry=False)
    if origin[0] == "sp":
        return None
    return AlignmentRule(
        instruction.address, name, origin[0], origin[1] + offset, alignment, at_entry=True
    )


def _follow(instruction: Instruction, known: dict[str, tuple[str, int] | None]) -> None:
    """Update what registers hold, as (register at the block's entry, sum added to it)."""
    moved: tuple[str, int] | None = None
    if instruction.moves is not None:
        _, source, step = instruction.moves
        origin = known.get(source, (source, 0))
        moved = None if origin is None else (origin[0], origin[1] + step)
    for register in instruction.writes:
        known[register] = None
    if instruction.moves is not None:
        known[instruction.moves[0]] = None if instruction.is_conditional else moved
