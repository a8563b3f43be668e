"""Generate, compile and compare batches of random graphs; find the operator behind a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fuzz_emitters import EMITTERS
from fuzz_graphs import Emitter, GraphMaker, GraphSeed
from fuzz_wide import PREFIX, WIDE_EMITTERS
from kernel_cases import BOTH

from tinycompress._files import write_bytes, write_text
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.host import HostModel
from tinycompress.codegen.legality import check_legality
from tinycompress.codegen.ops import OPS
from tinycompress.codegen.passes import run_passes
from tinycompress.errors import ModelError, TinyCompressError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

_SAMPLES = 3
_MAX_STEPS = 8


@dataclass
class Tally:
    """What a run has seen. ``refused`` counts reasons, with the values cut off."""

    graphs: int = 0
    operators: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    mismatches: list[str] = field(default_factory=list)


def emitters() -> dict[str, Emitter]:
    """Those of the operators that the engine knows."""
    known = {**EMITTERS, **WIDE_EMITTERS}
    return {kind: emit for kind, emit in known.items() if kind.removeprefix(PREFIX) in OPS}


def _made(seeds: Sequence[GraphSeed]) -> GraphMaker:
    maker = GraphMaker(emitters())
    for seed in seeds:
        maker.add(seed)
    return maker


def _options(seed: GraphSeed) -> CodegenOptions:
    """Every combination of code variants gets its turn."""
    share = seed.seed // 16 % 4 != 0
    return CodegenOptions(
        exact_to=seed.exact_to,
        dsp=seed.seed // 16 % 3 != 0,
        optimize="flash" if share else "speed",
    )


class Fuzzer:
    """Runs graphs and keeps the tally.

    Args:
        failures: Where to write the file and the findings of a graph that fails; None for nowhere.
    """

    def __init__(self, failures: Path | None = None) -> None:
        self.tally = Tally()
        self._failures = failures

    def run(self, first_seed: int, count: int, exact_to: ExactTo) -> None:
        """One batch: ``count`` graphs from consecutive seeds, in one file."""
        seeds = [
            GraphSeed(seed, 1 + seed % _MAX_STEPS, exact_to)
            for seed in range(first_seed, first_seed + count)
        ]
        self._compare([seed for seed in seeds if self._legal(seed)])

    def _legal(self, seed: GraphSeed) -> bool:
        maker = _made([seed])
        if not maker.labels:
            return False
        try:
            check_legality(run_passes(read_model(maker.tflite()).main), _options(seed))
        except ModelError as error:
            self.tally.refused.update(_rule(reason) for reason in error.reasons)
            return False
        return True

    def _compare(self, seeds: Sequence[GraphSeed]) -> None:
        if not seeds:
            return
        maker = _made(seeds)
        try:
            wrong = self._differing(maker, _options(seeds[0]))
        except TinyCompressError as error:
            if len(seeds) > 1:
                half = len(seeds) // 2
                self._compare(seeds[:half])
                self._compare(seeds[half:])
                return
            if isinstance(error, ModelError):
                self.tally.refused[f"by the oracle: {error.message[:160]}"] += 1
                return
            wrong = {str(seeds[0]): str(error)}
        self.tally.graphs += len(seeds)
        self.tally.operators.update(maker.kinds)
        for seed in seeds:
            if str(seed) in wrong:
                self._report(seed, wrong[str(seed)])

    def _differing(self, maker: GraphMaker, options: CodegenOptions) -> dict[str, str]:
        """By the labels of the graphs that differ, how."""
        found: dict[str, str] = {}
        tflite = maker.tflite()
        oracle = Oracle(tflite, options.exact_to)
        model = HostModel(generate(read_model(tflite), options), flags=("-O0",))
        for sample in maker.samples(_SAMPLES):
            outputs = zip(maker.labels, oracle.run(*sample), model.run(*sample), strict=True)
            for label, want, have in outputs:
                count = int((want.reshape(-1) != have.reshape(-1)).sum())
                if count:
                    found.setdefault(label, f"{count} of {want.size} bytes of an output differ")
        return found

    def _report(self, seed: GraphSeed, detail: str) -> None:
        smallest = self._minimised(seed)
        maker = _made([smallest])
        last = maker.kinds[-1] if maker.kinds else "?"
        text = f"{smallest} ({last}): {detail}"
        self.tally.mismatches.append(text)
        if self._failures is not None:
            self._failures.mkdir(parents=True, exist_ok=True)
            stem = f"{smallest.exact_to}-{smallest.seed}-{smallest.steps}"
            write_bytes(self._failures / f"{stem}.tflite", maker.tflite())
            write_text(self._failures / f"{stem}.txt", text + "\n")

    def _minimised(self, seed: GraphSeed) -> GraphSeed:
        """The first steps of the graph that suffice: its last operator is the wrong one."""
        for smaller in _shorter(seed):
            try:
                if self._legal(smaller) and self._differing(_made([smaller]), _options(seed)):
                    return smaller
            except TinyCompressError:
                continue
        return seed


def _shorter(seed: GraphSeed) -> Iterator[GraphSeed]:
    return (replace(seed, steps=steps) for steps in range(1, seed.steps))


def _rule(reason: str) -> str:
    """Operator kind and rule of a reason, without names and values."""
    words = reason.split(" ")
    kind = words[2] if words[0] == "op" else words[0]
    return f"{kind}: {reason.split(': ')[1] if ': ' in reason else reason}"


def run_for(fuzzer: Fuzzer, first_seed: int, batches: int, batch: int) -> None:
    """Batches for either oracle in turn."""
    for number in range(batches):
        fuzzer.run(first_seed + number * batch, batch, BOTH[number % 2])
