"""Generate, compile and compare batches of random graphs; find the operator behind a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from support.cases.kernels import Array
from support.fuzz.emitters import ALL, STATELESS
from support.fuzz.graphs import GraphMaker, GraphSeed
from support.host_model import HostModel, run_sanitized
from tinycompress._files import write_bytes, write_text
from tinycompress.artifacts import ExactTo, GeneratedSources, Optimize
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.verdict import require_aot
from tinycompress.errors import ModelError, TinyCompressError
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

_SAMPLES = 4
_MAX_STEPS = 8
_CORES: tuple[Mapping[str, Any], ...] = tuple(
    MappingProxyType(core)
    for core in (
        {"core": "cortex-m4", "dsp": True},
        {"core": "cortex-m3", "dsp": False},
        {"core": "cortex-m0plus", "dsp": False},
        {"core": "cortex-m55", "dsp": True, "mve": True},
    )
)
_OPTIMIZE: tuple[Optimize, ...] = ("speed", "flash", "ram")


@dataclass
class Tally:
    """What a run has seen. ``refused`` counts reasons, with the values cut off; ``encodings`` how
    often weights of a layer were encoded."""

    graphs: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    mismatches: list[str] = field(default_factory=list)


def options_of(variant: int, exact_to: ExactTo) -> CodegenOptions:
    """Every family of cores and every aim gets its turn: 12 variants have them all.

    The next twelve have the smallest candidates of all in place of those for flash.
    """
    core, optimize = _CORES[variant % 4], _OPTIMIZE[variant // 4 % 3]
    smallest = optimize == "flash" and variant // 12 % 2 == 1
    allowance = 0 if smallest else None
    return CodegenOptions(
        exact_to=exact_to, optimize=optimize, flash_allowance_bytes=allowance, **core
    )


def is_sanitized(variant: int) -> bool:
    """One variant in seven runs under sanitizers, too: 7 shares no factor with the others."""
    return variant % 7 == 0


def _made(seeds: Sequence[GraphSeed]) -> GraphMaker:
    # Operators of a file that keeps state stay in their order: one file in three keeps none.
    maker = GraphMaker(STATELESS if seeds[0].variant % 3 == 2 else ALL)
    for seed in seeds:
        maker.add(seed)
    return maker


def differences(
    tflite: bytes, options: CodegenOptions, samples: Sequence[tuple[Array, ...]], *,
    sanitized: bool = False, encodings: Counter[str] | None = None,
) -> dict[int, str]:  # fmt: skip
    """Run samples one after the other on an oracle and on generated C, both reset in the middle.

    Returns:
        By the numbers of the outputs that differ, how; the byte patterns are compared. Encodings
        of weights are counted in ``encodings``.
    """
    oracle = Oracle(tflite, options.exact_to)
    sources = generate(read_model(tflite), options)
    if encodings is not None:
        found_in = (layer.weights for layer in sources.layers)
        encodings.update(each.encoding for each in found_in if each is not None)
    middle = len(samples) // 2
    expected = [
        (oracle.run if number in (0, middle) else oracle.step)(*sample)
        for number, sample in enumerate(samples)
    ]
    oracle.close()
    found: dict[int, str] = {}
    for way, outputs in _outputs(sources, samples, middle, sanitized=sanitized):
        for number, (wants, haves) in enumerate(zip(expected, outputs, strict=True)):
            for index, (want, have) in enumerate(zip(wants, haves, strict=True)):
                count = _differing_bytes(want, have)
                if count:
                    text = f"{count} of {want.nbytes} bytes of an output differ{way}"
                    found.setdefault(index, f"{text}, first in inference {number}")
    return found


def _outputs(
    sources: GeneratedSources, samples: Sequence[tuple[Array, ...]], middle: int, *, sanitized: bool
) -> Iterator[tuple[str, list[Sequence[Array]]]]:
    """What the generated C computes, each way that it is compiled."""
    model = HostModel(sources, flags=("-O0",))
    outputs: list[Sequence[Array]] = []
    for number, sample in enumerate(samples):
        if number == middle:
            model.reset()
        outputs.append(model.run(*sample))
    yield "", outputs
    if sanitized:
        halves = (samples[:middle], samples[middle:])
        yield (
            " under sanitizers",
            [each for half in halves if half for each in run_sanitized(sources, half)],
        )


def _differing_bytes(want: Array, have: Array) -> int:
    if want.dtype != have.dtype or want.nbytes != have.nbytes:
        return max(want.nbytes, 1)
    pair = (np.frombuffer(array.tobytes(), np.uint8) for array in (want, have))
    return int(np.not_equal(*pair).sum())


def is_refused_by_oracle(error: TinyCompressError) -> bool:
    """Whether a runtime does not load the model, or ends the inference: nothing to compare with."""
    return isinstance(error, ModelError) and "does not run this model" in error.message


def is_legal(model: Model, options: CodegenOptions) -> bool:
    """Whether the engine takes a model."""
    return not reasons_against(model, options)


def reasons_against(model: Model, options: CodegenOptions) -> tuple[str, ...]:
    """Why the engine refuses a model; nothing if it does not."""
    try:
        require_aot(model, options)
    except ModelError as error:
        return error.reasons
    return ()


class Fuzzer:
    """Runs graphs and keeps the tally.

    Args:
        failures: Where to write the file and the findings of a graph that fails; None for nowhere.
    """

    suffix = ""
    """Of the names of files that are kept."""

    def __init__(self, failures: Path | None = None) -> None:
        self.tally = Tally()
        self.failures = failures

    def run(self, first_seed: int, count: int, exact_to: ExactTo, variant: int) -> None:
        """One batch: ``count`` graphs from consecutive seeds, in one file."""
        self.run_seeds(range(first_seed, first_seed + count), exact_to, variant)

    def run_seeds(self, numbers: Iterable[int], exact_to: ExactTo, variant: int) -> None:
        """One batch: a graph of each seed, in one file."""
        seeds = [
            GraphSeed(number, 1 + number % _MAX_STEPS, exact_to, variant) for number in numbers
        ]
        self._compare([seed for seed in seeds if self._legal(seed)])

    def options(self, seed: GraphSeed) -> CodegenOptions:
        """How code is generated for a graph."""
        return options_of(seed.variant, seed.exact_to)

    def _legal(self, seed: GraphSeed) -> bool:
        maker = _made([seed])
        if not maker.labels:
            return False
        reasons = reasons_against(read_model(maker.tflite()), self.options(seed))
        self.tally.refused.update(_rule(reason) for reason in reasons)
        return not reasons

    def _compare(self, seeds: Sequence[GraphSeed]) -> None:
        if not seeds:
            return
        maker = _made(seeds)
        try:
            wrong = self.differing(maker, seeds[0])
        except TinyCompressError as error:
            if len(seeds) > 1:
                half = len(seeds) // 2
                self._compare(seeds[:half])
                self._compare(seeds[half:])
                return
            unjudged = self.unjudged(error)
            if unjudged is not None:
                self.tally.refused[unjudged] += 1
                return
            wrong = {str(seeds[0]): str(error)}
        self.tally.graphs[seeds[0].exact_to] += len(seeds)
        self.tally.operators.update(maker.kinds)
        for seed in seeds:
            if str(seed) in wrong:
                self._report(seed, wrong[str(seed)])

    def unjudged(self, error: TinyCompressError) -> str | None:
        """Why nothing can be said of a graph that ends in an error; None if that is a finding."""
        if is_refused_by_oracle(error):
            return f"by the oracle: {error.message[:100]}"
        return None

    def differing(self, maker: GraphMaker, seed: GraphSeed) -> dict[str, str]:
        """By the labels of the graphs that differ, how.

        Raises:
            TinyCompressError: No more can be said of the file as a whole.
        """
        options, samples = self.options(seed), maker.samples(_SAMPLES)
        sanitized = is_sanitized(seed.variant)
        found = differences(
            maker.tflite(), options, samples, sanitized=sanitized, encodings=self.tally.encodings
        )
        return {maker.labels[index]: how for index, how in reversed(found.items())}

    def _report(self, seed: GraphSeed, detail: str) -> None:
        smallest = self._minimised(seed)
        maker = _made([smallest])
        last = maker.kinds[-1] if maker.kinds else "?"
        stem = f"{smallest.exact_to}-{smallest.seed}-{smallest.steps}{self.suffix}"
        how = self.how_to_repeat(smallest, stem)
        self.note(stem, f"{smallest} ({last}): {detail}{how}", maker.tflite())

    def how_to_repeat(self, seed: GraphSeed, stem: str) -> str:
        """What is added to a finding; ``stem`` names the file that is kept."""
        return ""

    def note(self, stem: str, text: str, tflite: bytes) -> None:
        """Keep a finding and the file that shows it."""
        self.tally.mismatches.append(text)
        if self.failures is not None:
            self.failures.mkdir(parents=True, exist_ok=True)
            write_bytes(self.failures / f"{stem}.tflite", tflite)
            write_text(self.failures / f"{stem}.txt", text + "\n")

    def _minimised(self, seed: GraphSeed) -> GraphSeed:
        """The first steps of the graph that suffice: its last operator is the wrong one."""
        for steps in range(1, seed.steps):
            smaller = replace(seed, steps=steps)
            try:
                if self._legal(smaller) and self.differing(_made([smaller]), smaller):
                    return smaller
            except TinyCompressError:
                continue
        return seed


def _rule(reason: str) -> str:
    """Operator kind and rule of a reason, without names and values."""
    words = reason.split(" ")
    kind = words[2] if words[0] == "op" else words[0]
    return f"{kind}: {reason.split(': ')[1] if ': ' in reason else reason}"
