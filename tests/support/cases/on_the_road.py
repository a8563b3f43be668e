"""Kernel cases on the product's own road: what a test compiles for the PC, as boards' firmware too.

``make kernels-on-the-road`` runs the kernel tests with ``--road``. Whatever they hand to
`KernelCases.mismatches` is then built by `tinycompress.build` as well, in models of a few
operators, with the kernels that the test asks for, and runs on an emulated board of each family of
cores for which it has a kernel that did not run there yet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from support.cases.kernels import KernelCases
from support.common import ROOT
from support.device.board_runs import run_on_board
from support.models.tflite_files import pack, unpack
from tinycompress.artifacts import ExactTo, ToolchainName
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.kernel_files import engine_dir
from tinycompress.errors import DoesNotFitError, ModelError
from tinycompress.ir.reader import read_model

BOARDS = ("qemu_mps2_an386", "raspberry_pi_pico", "qemu_mps2_an385", "qemu_mps3_an547")
"""One of each family of cores: with the DSP extension, without multiply and accumulate at all, with
that alone, with MVE."""

RECORD = ROOT / "build" / "kernels-on-the-road.json"
_OUTPUTS = 6
"""In one model: a device says no more of its tensors in one packet."""


class Road:
    """Takes cases along the road, and knows which kernels were exact on which board."""

    def __init__(self) -> None:
        self.exact: dict[str, set[str]] = {board: set() for board in BOARDS}
        self.left: list[str] = []
        """What did not run, and why."""
        self._chains: Iterator[ToolchainName] = cycle(("zig", "gcc"))

    def take(self, cases: KernelCases, exact_to: ExactTo) -> None:
        """Run what is new of the cases.

        Raises:
            AssertionError: An output byte differs from the oracle's.
        """
        whole = cases.tflite()
        for board in BOARDS:
            if not _is_for(cases, board):
                continue
            for tflite in _parts(whole):
                self._take(board, tflite, cases, exact_to)

    def _take(self, board: str, tflite: bytes, cases: KernelCases, exact_to: ExactTo) -> None:
        options = CodegenOptions.for_board(load_board(board), exact_to=exact_to)
        try:
            sources = generate(read_model(tflite), options, prefer=cases.prefer)
        except ModelError as error:
            self.left.append(f"{board}: refused: {error}")
            return
        kernels = {layer.kernel for layer in sources.layers}
        if kernels <= self.exact[board]:
            return
        with TemporaryDirectory(prefix="tc-kernels-") as directory:
            try:
                result = run_on_board(
                    board, tflite, next(self._chains), Path(directory) / "p",
                    prefer=cases.prefer, exact_to=exact_to,
                )  # fmt: skip
            except DoesNotFitError as error:
                self.left.append(f"{board}: {error}")
                return
        if result.mismatched_samples is None:
            self.left.append(f"{board}: {result.not_compared}")
            return
        assert (result.samples, result.mismatched_samples) == (5, 0), (board, sorted(kernels))
        self.exact[board] |= kernels

    def write(self, path: Path) -> None:
        """What ran where, and what nothing ran."""
        ran = set[str]().union(*self.exact.values())
        found = {
            "boards": {board: sorted(kernels) for board, kernels in self.exact.items()},
            "never": sorted(runnable_kernels() - ran),
            "left": sorted(set(self.left)),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def runnable_kernels() -> set[str]:
    """Kernels that a layer can name: those that no other kernel is made from."""
    files = sorted((engine_dir() / "kernels").rglob("*.h"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in files}
    parts = {
        Path(name).stem
        for text in texts.values()
        for name in re.findall(r'#include "([^"]+)"', text)
    }
    takes = {
        name
        for name, text in texts.items()
        if re.search(rf"\bvoid\s+tck_{name}\([^)]*_params \*p", text)
    }
    return takes - parts


def _is_for(cases: KernelCases, board: str) -> bool:
    """Whether the cases name no core, or this board's."""
    own = CodegenOptions.for_board(load_board(board))
    asked = CodegenOptions(**cases.target)
    return not cases.target or asked.family == own.family


def _parts(tflite: bytes) -> Iterator[bytes]:
    """The model in parts of a few outputs each, with the operators that lead to them."""
    outputs = list(unpack(tflite).subgraphs[0].outputs)
    for start in range(0, len(outputs), _OUTPUTS):
        yield _leading_to(tflite, outputs[start : start + _OUTPUTS])


def _leading_to(tflite: bytes, outputs: Sequence[int]) -> bytes:
    model = unpack(tflite)
    graph = model.subgraphs[0]
    wanted, ops = set(outputs), []
    for op in reversed(graph.operators):
        if wanted & set(op.outputs):
            ops.append(op)
            wanted |= set(op.inputs)
    graph.operators = ops[::-1]
    graph.inputs = [index for index in graph.inputs if index in wanted]
    graph.outputs = list(outputs)
    return pack(model)
