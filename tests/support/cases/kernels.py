"""Many single operators in one model: one compilation and one oracle for a whole table of cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from support.host_model import HostModel, run_sanitized
from support.models.tflite_files import Builder
from tinycompress.artifacts import ExactTo, GeneratedSources
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import Preference
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

Array = npt.NDArray[Any]
BOTH: tuple[ExactTo, ...] = ("tflm", "litert")
EXTREMES = (-128, -127, -1, 0, 1, 126, 127)


def options(kind: str, **fields: Any) -> Any:
    """An options table of the schema: ``options("Conv2D", padding="SAME", strideH=2)``."""
    table = getattr(schema, f"{kind}OptionsT")()
    enums = {"padding": schema.Padding, "fusedActivationFunction": schema.ActivationFunctionType}
    for name, value in fields.items():
        assert hasattr(table, name), name
        setattr(table, name, getattr(enums[name], value) if name in enums else value)
    return table


def same_or_valid(size: int, taps: int, stride: int, dilation: int, padding: str) -> int:
    """Output size of a window as TensorFlow documents it."""
    if padding == "SAME":
        return (size + stride - 1) // stride
    return (size - (taps - 1) * dilation + stride - 1) // stride


def _filled(shape: tuple[int, ...], dtype: np.dtype[Any], *, value: int) -> Array:
    return np.full(shape, value).astype(dtype)


class KernelCases:
    """Collects operators that do not depend on each other."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.target: dict[str, Any] = {}
        """Options of the code generator that name the core."""
        self.prefer: Preference | None = None
        """Takes the kernels; None lets the selector choose."""
        self.builder = Builder()
        self.labels: list[str] = []
        self._inputs: list[int] = []
        self._shapes: list[tuple[int, ...]] = []
        self._dtypes: list[str] = []
        self._outputs: list[int] = []

    def input(
        self, shape: Sequence[int], scale: float, zero_point: int, dtype: str = "int8"
    ) -> int:
        index = self.builder.tensor(
            shape, dtype.upper(), scales=[scale], zero_points=[zero_point],
            name=f"in{len(self._inputs)}",
        )  # fmt: skip
        return self._claim(index, shape, dtype)

    def plain_input(self, shape: Sequence[int], dtype: str) -> int:
        """An input without quantisation, such as float32 or int32."""
        index = self.builder.tensor(shape, dtype.upper(), name=f"in{len(self._inputs)}")
        return self._claim(index, shape, dtype)

    def _claim(self, index: int, shape: Sequence[int], dtype: str) -> int:
        self._inputs.append(index)
        self._shapes.append(tuple(shape))
        self._dtypes.append(dtype)
        return index

    def pick(self, *values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def zero_point(self) -> int:
        """Any zero point, often one at the end of the range."""
        return int(self.pick(-128, 127, 0, self.rng.integers(-128, 128)))

    def scale(self, low: float = 0.01, high: float = 1.0) -> float:
        """A scale; one in four is a power of two, which makes exact halves, and one in four a round
        decimal, which makes halves in float32 that are none in double precision.
        """
        value = float(np.exp(self.rng.uniform(np.log(low), np.log(high))))
        kind = self.rng.random()
        if kind < 0.25:
            return float(2.0 ** np.round(np.log2(value)))
        return float(np.float32(f"{value:.1g}")) if kind < 0.5 else value

    def shape(self, rank: int, high: int = 6) -> list[int]:
        return [int(n) for n in self.rng.integers(1, high + 1, rank)]

    def activation(self, shape: Sequence[int], scale: float, zero_point: int) -> int:
        return self.builder.tensor(shape, scales=[scale], zero_points=[zero_point])

    def weight_values(
        self, shape: Sequence[int], largest: int, *, extreme: bool
    ) -> npt.NDArray[np.int8]:
        """Values of weights; cases of another kind draw others."""
        if extreme:
            # What is drawn next stays what it was.
            self.rng.integers(-largest, largest + 1, shape)
            return self.rng.choice(np.array([-128, -127, 0, 127], np.int8), shape)
        return self.rng.integers(-largest, largest + 1, shape).astype(np.int8)

    def weights(
        self,
        shape: Sequence[int],
        scales: Sequence[float],
        axis: int = 0,
        zero_point: int = 0,
        *,
        extreme: bool = False,
        largest: int = 127,
    ) -> int:
        data = self.weight_values(shape, largest, extreme=extreme)
        return self.builder.tensor(
            shape, data=data, scales=scales, zero_points=[zero_point] * len(scales), axis=axis
        )

    def bias(self, values: Array, scales: Sequence[float]) -> int:
        return self.builder.tensor([len(values)], "INT32", data=values.astype("<i4"), scales=scales)

    def int32(self, values: Any) -> int:
        data = np.array(values, "<i4")
        return self.builder.tensor(data.shape, "INT32", data=data)

    def op(self, label: str, kind: str, inputs: list[int], output: int, table: Any) -> None:
        self.ops(label, kind, inputs, [output], table)

    def ops(self, label: str, kind: str, inputs: list[int], outputs: list[int], table: Any) -> None:
        """An operator with several outputs."""
        self.builder.op(kind, inputs, outputs, table)
        self._outputs += outputs
        self.labels += [label] * len(outputs)

    def tflite(self) -> bytes:
        return self.builder.pack(self._inputs, self._outputs)

    def sources(self, exact_to: ExactTo = "tflm") -> GeneratedSources:
        """The C of all cases."""
        options = CodegenOptions(exact_to=exact_to, **self.target)
        return generate(read_model(self.tflite()), options, prefer=self.prefer)

    def samples(self, count: int) -> list[tuple[Array, ...]]:
        """Random inputs, then every input filled with one extreme value, then mixed extremes."""
        batches = [self._each(self._random) for _ in range(count)]
        for value in EXTREMES:
            # One filler per value: a closure over the loop's variable would see the last one.
            batches.append(self._each(partial(_filled, value=value)))
        mixed = np.array([-128, 127])
        return [*batches, self._each(lambda shape, d: self.rng.choice(mixed, shape).astype(d))]

    def _each(self, make: Callable[[tuple[int, ...], np.dtype[Any]], Array]) -> tuple[Array, ...]:
        pairs = zip(self._shapes, self._dtypes, strict=True)
        return tuple(make(shape, np.dtype(dtype)) for shape, dtype in pairs)

    def _random(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        if dtype.kind == "f":
            return (self.rng.standard_normal(shape) * 20).astype(dtype)
        return self.rng.integers(-128, 128, shape).astype(dtype)

    def mismatches(self, exact_to: ExactTo, *, count: int = 6) -> list[str]:
        """Labels of the cases of which some output byte differs from the oracle's, with one."""
        tflite, batches = self.tflite(), self.samples(count)
        sources = self.sources(exact_to)
        model, oracle = HostModel(sources, flags=("-O0",)), Oracle(tflite, exact_to)
        found: dict[str, str] = {}
        for number, batch in enumerate(batches):
            # One stream, for operators that keep state.
            expected = (oracle.step if number else oracle.run)(*batch)
            actual = model.run(*batch)
            for label, want, have in zip(self.labels, expected, actual, strict=True):
                wrong = np.flatnonzero(want.reshape(-1) != have.reshape(-1))
                if wrong.size:
                    at = int(wrong[0])
                    detail = f"[{at}] is {have.reshape(-1)[at]}, oracle {want.reshape(-1)[at]}"
                    found.setdefault(label, f"{label}: {wrong.size} of {want.size}, {detail}")
        return list(found.values())

    def sanitized_mismatches(self, exact_to: ExactTo) -> int:
        """Output bytes that differ from the oracle's when run under ASan and UBSan."""
        tflite, batches = self.tflite(), self.samples(1)
        sources = self.sources(exact_to)
        oracle = Oracle(tflite, exact_to)
        outputs = run_sanitized(sources, batches)
        assert len(outputs) == len(batches)
        return sum(
            int((want.reshape(-1) != have.reshape(-1)).sum())
            for number, (batch, arrays) in enumerate(zip(batches, outputs, strict=True))
            for want, have in zip(
                (oracle.step if number else oracle.run)(*batch), arrays, strict=True
            )
        )
