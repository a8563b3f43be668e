"""The purpose of every byte of flash and RAM, from the linked ELF and its symbol table.

Flash is what gets flashed: the bytes that the PT_LOAD segments bring. Every one of them belongs to
exactly one category, so the four figures add up to the whole:

    weights    objects named ``tcm_*``
    kernels    functions named ``tcm_*``, everything named ``tck_*``, CMSIS-NN (``arm_*``), and the
               other local symbols of the model's source files (a compiler's switch and lookup
               tables)
    platform   vectors, start-up, fault handlers, ``tc_platform_*``, and the local symbols of the
               port's and the start-up's source files
    runtime    all else: protocol, main, C and compiler library, TFLM's interpreter with what it
               wraps around CMSIS-NN, the load image of ``.data``, the build id, string literals and
               other constants without a name, and padding

Where symbols overlap (an alias, a table inside a function) a byte counts for the smallest. Global
symbols do not tell their source file, so the platform's global functions are known by name only.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tinycompress.artifacts import FlashSizes, RamSizes
from tinycompress.elf import ElfImage, Segment, Symbol

FlashCategory = Literal["weights", "kernels", "runtime", "platform"]

ARENA_SECTION = ".tc_arena"
STACK_SECTION = ".tc_stack"

_PLATFORM_PREFIXES = ("tc_platform_", "tc_fault_", "tc_stack_")
_PLATFORM_NAMES = frozenset({"tc_reset", "tc_start", "tc_unhandled", "tc_vectors"})
_PLATFORM_SECTIONS = frozenset({".vectors", ".boot2", ".boot_header"})
_PROTOCOL_PREFIXES = ("tc_proto_", "tc_cobs_", "tc_crc32")
_PROTOCOL_FILES = frozenset({"tc_proto.c", "tc_proto_requests.c", "tc_cobs.c", "tc_crc32.c"})
_TABLE = re.compile(r"^tcm_.*_(exps|reciprocals|sigmoid|sizes|table)(_\d+)?$")


@dataclass(frozen=True)
class SourceGroups:
    """Base names of the project's source files whose local symbols have a category of their own."""

    platform: frozenset[str]
    model: frozenset[str]


@dataclass(frozen=True)
class FlashItem:
    """Flash bytes of one symbol; of ``(.data image)``, or of ``(unnamed)`` in one segment."""

    name: str
    category: FlashCategory
    size_bytes: int
    address: int
    file: str | None


def flash_sizes(image: ElfImage, groups: SourceGroups) -> FlashSizes:
    """Flash by category; the total is exactly the bytes that are flashed."""
    totals: Counter[FlashCategory] = Counter()
    for item in flash_items(image, groups):
        totals[item.category] += item.size_bytes
    return FlashSizes(
        weights_bytes=totals["weights"],
        kernels_bytes=totals["kernels"],
        runtime_bytes=totals["runtime"],
        platform_bytes=totals["platform"],
    )


@dataclass(frozen=True)
class CodeSizes:
    """Flash that is not weights, by what it is for.

    Args:
        kernels_bytes: The category.
        tables_bytes: Of the category of weights what the model does not train: parameters of
            layers, lists of them, and tables that operators look up.
        runtime_bytes: The category but for the protocol.
        platform_bytes: The category.
        protocol_bytes: The conversation with the host, which a product leaves out; not in
            ``total_bytes``.
    """

    kernels_bytes: int
    tables_bytes: int
    runtime_bytes: int
    platform_bytes: int
    protocol_bytes: int

    @property
    def total_bytes(self) -> int:
        """All but weights and protocol."""
        return self.kernels_bytes + self.tables_bytes + self.runtime_bytes + self.platform_bytes


def code_sizes(items: Iterable[FlashItem]) -> CodeSizes:
    """What firmware of the AOT engine flashes beside its weights."""
    totals: Counter[str] = Counter()
    for item in items:
        totals[_kind_of_code(item)] += item.size_bytes
    return CodeSizes(
        kernels_bytes=totals["kernels"],
        tables_bytes=totals["tables"],
        runtime_bytes=totals["runtime"],
        platform_bytes=totals["platform"],
        protocol_bytes=totals["protocol"],
    )


def _kind_of_code(item: FlashItem) -> str:
    if item.category == "weights":
        # Weights are global; what the model's main source file keeps to itself is not.
        return "tables" if item.file is not None or _TABLE.match(item.name) else "weights"
    protocol = item.file in _PROTOCOL_FILES or item.name.startswith(_PROTOCOL_PREFIXES)
    return "protocol" if protocol else item.category


def ram_sizes(image: ElfImage) -> RamSizes:
    """RAM by purpose: the arena's section, the stack's, and all other writable sections.

    Padding between sections counts for none, as in what the firmware itself reports.
    """
    writable = [section for section in image.sections if section.writable]
    # An empty arena or stack is not flagged as writable by every linker, so go by name.
    arena = sum(s.size_bytes for s in image.sections if s.name == ARENA_SECTION)
    stack = sum(s.size_bytes for s in image.sections if s.name == STACK_SECTION)
    static = sum(s.size_bytes for s in writable if s.name not in (ARENA_SECTION, STACK_SECTION))
    return RamSizes(arena_bytes=arena, static_bytes=static, stack_reserved_bytes=stack)


def flash_items(image: ElfImage, groups: SourceGroups) -> tuple[FlashItem, ...]:
    """Everything in flash, the largest first; sizes add up to the flashed bytes."""
    items = [
        item
        for segment in image.segments
        if segment.data
        for item in _segment_items(image, segment, groups)
    ]
    return tuple(sorted(items, key=lambda item: (-item.size_bytes, item.address, item.name)))


def classify(symbol: Symbol, groups: SourceGroups) -> FlashCategory:
    """The category of a symbol in flash, by the rules at the top of this module."""
    name = symbol.name
    if name.startswith(("tck_", "arm_")):
        return "kernels"
    if name.startswith("tcm_"):
        return "weights" if symbol.kind == "object" else "kernels"
    if symbol.file in groups.platform or symbol.section in _PLATFORM_SECTIONS:
        return "platform"
    if name.startswith(_PLATFORM_PREFIXES) or name in _PLATFORM_NAMES:
        return "platform"
    if name.startswith("tc_") and name.endswith("_handler"):
        return "platform"
    return "kernels" if symbol.file in groups.model else "runtime"


def _segment_items(image: ElfImage, segment: Segment, groups: SourceGroups) -> Iterator[FlashItem]:
    if segment.writable:
        yield FlashItem(
            "(.data image)", "runtime", len(segment.data), segment.physical_address, None
        )
        return
    start, end = segment.address, segment.address + len(segment.data)
    inside = [
        symbol
        for symbol in image.symbols
        if symbol.size_bytes and symbol.section and start <= symbol.address < end
    ]
    # Painted from the largest to the smallest, aliases so that the first one listed is on top.
    order = sorted(range(len(inside)), key=lambda i: (-inside[i].size_bytes, -i))
    owner = array("l", [-1]) * len(segment.data)
    for index in order:
        first = inside[index].address - start
        last = min(first + inside[index].size_bytes, len(segment.data))
        owner[first:last] = array("l", [index]) * (last - first)
    for index, count in sorted(Counter(owner).items()):
        if index < 0:
            yield FlashItem("(unnamed)", "runtime", count, segment.physical_address, None)
        else:
            found = inside[index]
            category = classify(found, groups)
            yield FlashItem(found.name, category, count, found.address, found.file)
