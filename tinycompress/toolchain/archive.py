"""What a static library was compiled for, read from the build attributes of its objects.

Sources: the common ``ar`` format (GNU binutils manual, "ar"); Arm IHI 0045, "Addenda to the ABI for
the Arm Architecture", section 3.3.5 (the file-scope attributes).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile

from tinycompress.boards.schema import Core, Cpu
from tinycompress.errors import ToolError, os_reason

_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_MALFORMED = (
    ELFError, ConstructError, AssertionError, AttributeError, IndexError, KeyError, OverflowError,
    TypeError, ValueError,
)  # fmt: skip
# Tag_CPU_arch by core: IHI 0045, table 4. GCC says 12 (v6S-M) for the cores without an MMU.
_ARCH_OF_CORE: dict[Core, tuple[int, ...]] = {
    "cortex-m0plus": (11, 12),
    "cortex-m3": (10,),
    "cortex-m4": (13,),
    "cortex-m7": (13,),
    "cortex-m33": (17,),
    "cortex-m55": (21,),
}
_ARCH_NAMES = {
    10: "Armv7-M", 11: "Armv6-M", 12: "Armv6S-M", 13: "Armv7E-M", 16: "Armv8-M Baseline",
    17: "Armv8-M Mainline", 21: "Armv8.1-M Mainline",
}  # fmt: skip
# Tag_FP_arch: 6 is VFPv4 with 16 registers, 8 FPv5 with 16.
_FP_OF_FPU = {"none": 0, "fpv4-sp-d16": 6, "fpv5-sp-d16": 8, "fpv5-d16": 8}
_FP_NAMES = {0: "no FPU", 6: "FPv4", 8: "FPv5"}
_SINGLE_PRECISION_ONLY = 1


@dataclass(frozen=True)
class ArmTarget:
    """What an object file was compiled for, as its attributes number it."""

    cpu_arch: int
    fp_arch: int
    single_precision: bool
    hard_float_abi: bool
    dsp: bool
    mve: bool

    def __str__(self) -> str:
        """For people: ``Armv7E-M, FPv4 (single precision), hard-float ABI``."""
        fpu = _FP_NAMES.get(self.fp_arch, f"FPU {self.fp_arch}")
        precision = " (single precision)" if self.fp_arch and self.single_precision else ""
        extras = "".join(
            f", {name}" for name, there in (("DSP", self.dsp), ("MVE", self.mve)) if there
        )
        arch = _ARCH_NAMES.get(self.cpu_arch, f"architecture {self.cpu_arch}")
        abi = "hard" if self.hard_float_abi else "soft"
        return f"{arch}, {fpu}{precision}, {abi}-float ABI{extras}"

    def problems(self, cpu: Cpu) -> tuple[str, ...]:
        """Why a core cannot run this or be linked with it; none if it can."""
        found = []
        if self.cpu_arch not in _ARCH_OF_CORE[cpu.core]:
            wanted = _ARCH_NAMES[_ARCH_OF_CORE[cpu.core][-1]]
            arch = _ARCH_NAMES.get(self.cpu_arch, f"architecture {self.cpu_arch}")
            found.append(f"is for {arch}, {cpu.core} is {wanted}")
        if self.hard_float_abi != (cpu.float_abi == "hard"):
            abi = "hard" if self.hard_float_abi else "soft"
            found.append(f"has the {abi}-float ABI, the board's firmware {cpu.float_abi}")
        if self.fp_arch > _FP_OF_FPU[cpu.fpu]:
            name = _FP_NAMES.get(self.fp_arch, f"FPU {self.fp_arch}")
            found.append(f"uses {name}, the board has {cpu.fpu}")
        elif cpu.fpu == "fpv5-sp-d16" and self.fp_arch == 8 and not self.single_precision:
            found.append(f"may use double precision, the board has {cpu.fpu}")
        # Armv7E-M has the DSP instructions always, and no attribute for them.
        if self.dsp and not cpu.dsp:
            found.append("uses DSP instructions, which the board lacks")
        if self.mve and not cpu.mve:
            found.append("uses MVE instructions, which the board lacks")
        return tuple(found)


def library_target(path: Path) -> ArmTarget:
    """What the first Arm object of a static library was compiled for.

    Raises:
        ToolError: It cannot be read, is no archive, or holds no Arm object.
    """
    try:
        blob = path.read_bytes()
        for member in _members(blob):
            if member.startswith(b"\x7fELF"):
                return _attributes(member)
    except OSError as error:
        raise ToolError(f"cannot read {path}: {os_reason(error)}") from error
    except _MALFORMED as error:
        raise ToolError(f"{path} is no usable static library: {error}") from error
    raise ToolError(f"{path} holds no object file")


def _members(blob: bytes) -> Iterator[bytes]:
    if not blob.startswith(_MAGIC):
        raise ValueError("it does not begin as an archive does")
    at = len(_MAGIC)
    while at + _HEADER_BYTES <= len(blob):
        header = blob[at : at + _HEADER_BYTES]
        if header[58:60] != b"`\n":
            raise ValueError(f"no member's header at byte {at}")
        size = int(header[48:58])
        at += _HEADER_BYTES
        yield blob[at : at + size]
        at += size + size % 2


def _attributes(member: bytes) -> ArmTarget:
    elf: Any = ELFFile(io.BytesIO(member))
    if elf["e_machine"] != "EM_ARM":
        raise ValueError(f"its objects are for {elf['e_machine']}, not Arm")
    section = elf.get_section_by_name(".ARM.attributes")
    if section is None:
        raise ValueError("its objects have no build attributes")
    found: dict[str, int] = {}
    for vendor in section.iter_subsections("aeabi"):
        for part in vendor.iter_subsubsections("TAG_FILE"):
            for attribute in part.iter_attributes():
                if isinstance(attribute.value, int):
                    found[attribute.tag] = attribute.value
    fp_use = found.get("TAG_ABI_HARDFP_USE", 0)
    return ArmTarget(
        cpu_arch=found.get("TAG_CPU_ARCH", 0),
        fp_arch=found.get("TAG_FP_ARCH", 0),
        single_precision=fp_use == _SINGLE_PRECISION_ONLY,
        hard_float_abi=found.get("TAG_ABI_VFP_ARGS", 0) == 1,
        dsp=found.get("TAG_DSP_EXTENSION", 0) == 1,
        mve=found.get("TAG_MVE_ARCH", 0) > 0,
    )
