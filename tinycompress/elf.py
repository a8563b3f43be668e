"""Reading a linked firmware ELF: build id, segments, sections, symbols, and what is at an address.

Source: Tool Interface Standard, "Executable and Linking Format (ELF) Specification", version 1.2;
Arm IHI 0044, "ELF for the Arm Architecture" (bit 0 of a function symbol marks Thumb code; mapping
symbols ``$a``, ``$t``, ``$d``).
"""

from __future__ import annotations

import bisect
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import NoteSection, SymbolTableSection

from tinycompress.errors import ConfigError, os_reason

SymbolKind = Literal["function", "object", "label"]

_KINDS: dict[str, SymbolKind] = {
    "STT_FUNC": "function",
    "STT_OBJECT": "object",
    "STT_NOTYPE": "label",
}
_BINDING_RANK = {"STB_GLOBAL": 0, "STB_LOCAL": 1, "STB_WEAK": 2}
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR = 1, 2, 4
# What pyelftools lets through when a table of the file lies about its offsets, counts or names.
_MALFORMED = (
    ELFError, ConstructError, AssertionError, AttributeError, IndexError, KeyError, OverflowError,
    TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """A PT_LOAD program header.

    ``data`` is what the file brings (p_filesz bytes), at ``physical_address`` when it is flashed
    and at ``address`` when the program runs; the rest up to ``memory_bytes`` is zeroed at start.
    """

    address: int
    physical_address: int
    memory_bytes: int
    data: bytes
    writable: bool
    executable: bool


@dataclass(frozen=True)
class Section:
    """A section that occupies memory when the program runs; ``in_file`` is False for .bss."""

    name: str
    address: int
    size_bytes: int
    in_file: bool
    writable: bool
    executable: bool


@dataclass(frozen=True)
class Symbol:
    """A defined symbol.

    ``address`` has the Thumb bit cleared. ``file`` is the source file that the linker recorded for
    a local symbol, None for a global one. ``section`` is ``""`` for an absolute symbol.
    """

    name: str
    address: int
    size_bytes: int
    kind: SymbolKind
    is_local: bool
    file: str | None
    section: str


@dataclass(frozen=True, eq=False)
class ElfImage:
    """A linked 32-bit little-endian Arm program; symbols are in order of address."""

    path: Path
    sha256: str
    entry: int
    build_id: bytes | None
    segments: tuple[Segment, ...]
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]

    @cached_property
    def _by_name(self) -> dict[str, Symbol]:
        # A global definition wins over a local symbol of the same name in some file.
        ordered = sorted(self.symbols, key=lambda symbol: not symbol.is_local)
        return {symbol.name: symbol for symbol in ordered}

    @cached_property
    def _functions(self) -> tuple[list[int], list[Symbol]]:
        unique: dict[int, Symbol] = {}
        for symbol in self.symbols:
            if symbol.kind == "function":
                unique.setdefault(symbol.address, symbol)
        return list(unique), list(unique.values())

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of this name, or None."""
        return self._by_name.get(name)

    def require_symbol(self, name: str) -> Symbol:
        """The symbol of this name.

        Raises:
            ConfigError: There is none: the ELF is not tinycompress firmware.
        """
        found = self.symbol(name)
        if found is None:
            raise ConfigError(
                f"{self.path}: no symbol {name!r}; this is not firmware that tinycompress linked",
                hint="build the project again: tinycompress build",
            )
        return found

    def symbol_at(self, address: int) -> Symbol | None:
        """The function that contains ``address`` (the Thumb bit is ignored), or None.

        A function whose size is unknown (hand-written assembly) reaches to the next one.
        """
        address &= ~1
        starts, functions = self._functions
        at = bisect.bisect_right(starts, address) - 1
        if at < 0:
            return None
        found = functions[at]
        inside = address < found.address + found.size_bytes or found.size_bytes == 0
        return found if inside else None

    def symbolise(self, address: int) -> str:
        """``"function+0x12"``, ``"function"`` at its very start, or ``"0x20000000"``."""
        found = self.symbol_at(address)
        if found is None:
            return f"0x{address:08x}"
        offset = (address & ~1) - found.address
        return f"{found.name}+0x{offset:x}" if offset else found.name

    def read(self, address: int, count: int) -> bytes:
        """The ``count`` bytes that the file brings for ``address`` (as the program sees it).

        Raises:
            ConfigError: The file does not hold all of them.
        """
        for segment in self.segments:
            offset = address - segment.address
            if offset >= 0 and offset + count <= len(segment.data):
                return segment.data[offset : offset + count]
        raise ConfigError(f"{self.path}: no {count} bytes at 0x{address:08x} in the file")


def read_elf(path: Path) -> ElfImage:
    """Read a linked firmware.

    Raises:
        ConfigError: The file cannot be read, or is not a linked 32-bit little-endian Arm program.
    """
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error
    hint = "build the project again: tinycompress build"
    try:
        elf = ELFFile(io.BytesIO(blob))
        if (elf.elfclass, elf.little_endian, elf["e_machine"]) != (32, True, "EM_ARM"):
            raise ELFError("not a 32-bit little-endian Arm file")
        if elf["e_type"] != "ET_EXEC":
            raise ELFError("not linked")
        return ElfImage(
            path=path,
            sha256=hashlib.sha256(blob).hexdigest(),
            entry=elf["e_entry"],
            build_id=_build_id(elf),
            segments=tuple(_segments(elf, len(blob))),
            sections=tuple(_sections(elf)),
            symbols=tuple(sorted(_symbols(elf), key=lambda s: s.address)),
        )
    except _MALFORMED as error:
        reason = str(error) or "its tables are inconsistent"
        raise ConfigError(f"{path}: not a firmware ELF: {reason}", hint=hint) from error


def patched(path: Path, symbol: str, content: bytes) -> bytes:
    """The bytes of a linked firmware with a constant's value replaced.

    Args:
        path: The ELF; it stays as it is.
        symbol: A global constant whose value is in the file.
        content: Its new value, of its very size.

    Raises:
        ConfigError: The file is not firmware, or has no such constant of that size in it.
    """
    found = read_elf(path).require_symbol(symbol)
    blob = bytearray(path.read_bytes())
    for header in ELFFile(io.BytesIO(bytes(blob))).iter_segments("PT_LOAD"):
        inside = found.address - header["p_vaddr"]
        if 0 <= inside <= header["p_filesz"] - len(content) and found.size_bytes == len(content):
            start = header["p_offset"] + inside
            blob[start : start + len(content)] = content
            return bytes(blob)
    raise ConfigError(
        f"{path}: {symbol!r} is no constant of {len(content)} bytes that the file holds"
    )


def _segments(elf: Any, file_bytes: int) -> Iterator[Segment]:
    for header in elf.iter_segments("PT_LOAD"):
        if header["p_offset"] + header["p_filesz"] > file_bytes:
            raise ELFError("a segment ends beyond the end of the file")
        if header["p_filesz"] > header["p_memsz"]:
            raise ELFError("a segment has more bytes in the file than in memory")
        yield Segment(
            address=header["p_vaddr"],
            physical_address=header["p_paddr"],
            memory_bytes=header["p_memsz"],
            data=header.data(),
            writable=bool(header["p_flags"] & 2),
            executable=bool(header["p_flags"] & 1),
        )


def _sections(elf: Any) -> Iterator[Section]:
    for section in elf.iter_sections():
        flags = section["sh_flags"]
        if flags & _SHF_ALLOC:
            yield Section(
                name=section.name,
                address=section["sh_addr"],
                size_bytes=section["sh_size"],
                in_file=section["sh_type"] != "SHT_NOBITS",
                writable=bool(flags & _SHF_WRITE),
                executable=bool(flags & _SHF_EXECINSTR),
            )


def _symbols(elf: Any) -> Iterator[Symbol]:
    """Defined symbols, aliases of one address in order of binding (global first), then name."""
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return
    names = [section.name for section in elf.iter_sections()]
    file: str | None = None
    found: list[tuple[int, Symbol]] = []
    for entry in table.iter_symbols():
        kind, binding, index = entry["st_info"]["type"], entry["st_info"]["bind"], entry["st_shndx"]
        if kind == "STT_FILE":
            file = entry.name or None
            continue
        if kind not in _KINDS or index == "SHN_UNDEF" or not entry.name or entry.name[0] == "$":
            continue
        is_local = binding == "STB_LOCAL"
        symbol = Symbol(
            name=entry.name,
            address=entry["st_value"] & ~1 if kind == "STT_FUNC" else entry["st_value"],
            size_bytes=entry["st_size"],
            kind=_KINDS[kind],
            is_local=is_local,
            file=file if is_local else None,
            section=names[index] if isinstance(index, int) else "",
        )
        found.append((_BINDING_RANK.get(binding, 3), symbol))
    found.sort(key=lambda ranked: (ranked[0], ranked[1].name))
    yield from (symbol for _, symbol in found)


def compiler_notes(path: Path) -> str | None:
    """What compilers wrote of themselves into ``.comment``, each once; None if nothing.

    Raises:
        ConfigError: The file cannot be read, or is no ELF.
    """
    try:
        with path.open("rb") as file:
            section = ELFFile(file).get_section_by_name(".comment")
            text = "" if section is None else section.data().decode("utf-8", "replace")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error
    except _MALFORMED as error:
        raise ConfigError(f"{path}: not a firmware ELF: {error}") from error
    notes = dict.fromkeys(note for note in text.split("\0") if note)
    return "; ".join(notes) or None


def _build_id(elf: Any) -> bytes | None:
    # The linker script may put the note into any section that it keeps, so look at every note.
    for section in elf.iter_sections():
        if isinstance(section, NoteSection):
            for note in section.iter_notes():
                if note["n_name"] == "GNU" and note["n_type"] == "NT_GNU_BUILD_ID":
                    return bytes.fromhex(note["n_desc"])
    return None
