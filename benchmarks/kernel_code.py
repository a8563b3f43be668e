"""Measure the code of kernels, for the selector: ``make kernel-code``.

Compiles every kernel alone, called by a function that knows none of its parameters, with gcc's
flags of one board for each family of cores. That function is the kernel's own code; what else is in
the object are routines that it shares with other kernels, by name. Writes
``tinycompress/codegen/choosing/kernel_code.json``.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from kernel_costs import BOARDS
from kernels import ROOT

from tinycompress import _files, _proc
from tinycompress._resources import firmware_templates_dir
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.kernel_files import engine_dir
from tinycompress.errors import ToolError
from tinycompress.firmware.plan import build_plan
from tinycompress.toolchain.find import find_gcc

_FILE = ROOT / "tinycompress" / "codegen" / "choosing" / "kernel_code.json"
_PROBE = "probe"
_TIMEOUT_S = 60.0


def entries() -> Iterator[tuple[str, str, str]]:
    """Header, name and parameters of every kernel that a layer can run."""
    for header in sorted((engine_dir() / "kernels").rglob("*.h")):
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = re.search(rf"\bvoid\s+tck_{header.stem}\(([^)]*)\)\s*{{", text)
        parameters = "" if found is None else " ".join(found.group(1).split())
        if "_params *p" in parameters:
            yield str(header.relative_to(engine_dir())), header.stem, parameters


def measure(board_name: str) -> dict[str, Any]:
    """Bytes of each kernel that compiles for a board's core: its own, and of what it shares."""
    board = load_board(board_name)
    plan = build_plan(board, sources=(), include_dirs=())
    gcc = find_gcc()
    flags = (*plan.compile_flags, *plan.toolchains["gcc"].compile)
    include = (engine_dir(), firmware_templates_dir() / "common" / "include")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="tinycompress-code-") as directory:
        source, target = Path(directory) / "probe.c", Path(directory) / "probe.o"
        for header, name, parameters in entries():
            names = ", ".join(part.split()[-1].lstrip("*") for part in parameters.split(","))
            source.write_text(
                f'#include "{header}"\nvoid {_PROBE}({parameters});\n'
                f"void {_PROBE}({parameters}) {{\n    tck_{name}({names});\n}}\n"
            )
            files = (*(f"-I{path}" for path in include), "-c", source, "-o", target)
            try:
                _proc.run([*gcc.command, *flags, *files], timeout_s=_TIMEOUT_S)
            except ToolError:
                continue  # written for another family of cores
            sizes = code_sizes(target)
            own = sizes.pop(_PROBE)
            # What gcc made of a routine for its callers counts as the routine.
            shared = {symbol.split(".")[0]: size for symbol, size in sorted(sizes.items())}
            found[name] = {"own": own, "shared": shared}
    return found


def code_sizes(path: Path) -> Mapping[str, int]:
    """Bytes of each function of an object file, by name."""
    with path.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        symbols = [each for each in table.iter_symbols() if each["st_info"]["type"] == "STT_FUNC"]
        return {each.name: int(each["st_size"]) for each in symbols if each["st_size"]}


def main() -> None:
    """The command."""
    argparse.ArgumentParser(description=str(__doc__).splitlines()[0]).parse_args()
    code = {CodegenOptions.for_board(load_board(each)).family: measure(each) for each in BOARDS}
    written = {
        "how": "make kernel-code: each kernel compiled alone by gcc, its parameters unknown",
        "boards": list(BOARDS),
        "code": code,
    }
    _files.write_text(_FILE, json.dumps(written, indent=1) + "\n")
    for family, kernels in code.items():
        print(f"{family:8} {len(kernels):4} kernels")


if __name__ == "__main__":
    main()
