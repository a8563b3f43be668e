"""Measure the code of kernels, for the selector: ``make kernel-code``.

Compiles every kernel alone, called by a function that knows none of its parameters, with gcc's
flags of one board for each family of cores. That function is the kernel's own code; what else is in
the object are routines that it shares with other kernels, by name. Look-ups in a codebook are
compiled for each width of indices alone, too, as firmware has them. Writes
``tinycompress/codegen/choosing/kernel_code.json``.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from benchmarks.kernel_costs import BOARDS
from benchmarks.kernels import ROOT
from tinycompress import _files, _proc
from tinycompress._resources import firmware_templates_dir
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.kernel_files import engine_dir
from tinycompress.codegen.weights.lut import MOST_BITS
from tinycompress.errors import ToolError
from tinycompress.firmware.plan import build_plan
from tinycompress.toolchain.find import find_gcc

_FILE = ROOT / "tinycompress" / "codegen" / "choosing" / "kernel_code.json"
_PROBE = "probe"
_LUT = "_lut_s8_"
"""In the names of kernels that look weights up."""
_TIMEOUT_S = 60.0


def entries() -> Iterator[tuple[str, str, str]]:
    """Header, name and parameters of every kernel that a layer can run."""
    for header in sorted((engine_dir() / "kernels").rglob("*.h")):
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = re.search(rf"\bvoid\s+tck_{header.stem}\(([^)]*)\)\s*{{", text)
        parameters = "" if found is None else " ".join(found.group(1).split())
        if "_params *p" in parameters:
            yield str(header.relative_to(engine_dir())), header.stem, parameters


def by_lut_bits(board_name: str) -> dict[str, dict[str, int]]:
    """Bytes of routines that have loops for each width of indices, with one of these alone."""
    whole = _shared_by_name(measure(board_name, _LUT))
    found: dict[str, dict[str, int]] = {}
    for bits in range(1, MOST_BITS + 1):
        alone = measure(board_name, _LUT, (f"-DTCK_LUT_BITS=(1U<<{bits})",))
        for name, size in _shared_by_name(alone).items():
            if size < whole[name]:
                found.setdefault(name, {})[str(bits)] = size
    # What is no smaller with one width is no loop for several.
    return {name: sizes for name, sizes in found.items() if len(sizes) > 1}


def _shared_by_name(kernels: Mapping[str, Any]) -> dict[str, int]:
    """Routines of some kernels; where they differ from one kernel to the other, the largest."""
    found: dict[str, int] = {}
    for kernel in kernels.values():
        for name, size in kernel["shared"].items():
            found[name] = max(size, found.get(name, 0))
    return found


def measure(board_name: str, part: str = "", defines: Sequence[str] = ()) -> dict[str, Any]:
    """Bytes of each kernel that compiles for a board's core: its own, and of what it shares.

    Args:
        board_name: The board.
        part: Of the names of the kernels.
        defines: More flags of the compiler.
    """
    board = load_board(board_name)
    plan = build_plan(board, sources=(), include_dirs=())
    gcc = find_gcc()
    flags = (*plan.compile_flags, *plan.toolchains["gcc"].compile)
    include = (engine_dir(), firmware_templates_dir() / "common" / "include")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="tinycompress-code-") as directory:
        source, target = Path(directory) / "probe.c", Path(directory) / "probe.o"
        for header, name, parameters in entries():
            if part not in name:
                continue
            names = ", ".join(part.split()[-1].lstrip("*") for part in parameters.split(","))
            source.write_text(
                f'#include "{header}"\nvoid {_PROBE}({parameters});\n'
                f"void {_PROBE}({parameters}) {{\n    tck_{name}({names});\n}}\n"
            )
            files = (*(f"-I{path}" for path in include), "-c", str(source), "-o", str(target))
            try:
                _proc.run([*gcc.command, *flags, *defines, *files], timeout_s=_TIMEOUT_S)
            except ToolError:
                continue  # written for another family of cores
            sizes = code_sizes(target)
            own = sizes.pop(_PROBE)
            # What gcc made of a routine for its callers counts as the routine.
            shared = {symbol.split(".")[0]: size for symbol, size in sorted(sizes.items())}
            found[name] = {"own": own, "shared": shared}
    return found


def code_sizes(path: Path) -> dict[str, int]:
    """Bytes of each function of an object file, by name."""
    with path.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        symbols = [each for each in table.iter_symbols() if each["st_info"]["type"] == "STT_FUNC"]
        return {each.name: int(each["st_size"]) for each in symbols if each["st_size"]}


def main() -> None:
    """The command."""
    argparse.ArgumentParser(description=str(__doc__).splitlines()[0]).parse_args()
    families = {CodegenOptions.for_board(load_board(each)).family: each for each in BOARDS}
    code = {family: measure(board) for family, board in families.items()}
    written = {
        "how": "make kernel-code: each kernel compiled alone by gcc, its parameters unknown",
        "boards": list(BOARDS),
        "code": code,
        "lut_bits": {family: by_lut_bits(board) for family, board in families.items()},
    }
    _files.write_text(_FILE, json.dumps(written, indent=1) + "\n")
    for family, kernels in code.items():
        print(f"{family:8} {len(kernels):4} kernels")


if __name__ == "__main__":
    main()
