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
    """An instruction that faults unless ``base + offset`` is a multiple of ``alignment``."""

    address: int
    name: str
    base: str
    offset: int
    alignment: int


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
    """Yield the checks that a block needs while it runs.

    The stack pointer and the program counter are always aligned.
    """
    for instruction in block:
        base, offset = instruction.base, instruction.offset
        if base is None or offset is None or base in {"sp", "pc"}:
            continue
        name = instruction.name
        if name in MULTIPLES or name in _DOUBLE_WORD or name in _FPU_SINGLES or name in _EXCLUSIVE:
            alignment = 2 if name in _HALFWORD else 4
            yield AlignmentRule(instruction.address, name, base, offset, alignment)
