"""Damaged and twisted ``.tflite`` files: truncations, flipped bytes, edits of the structure."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from support.models.tflite_files import pack, unpack

_INDICES = (-2, -1, 0, 1, 7, 2**15, 2**31 - 1, -(2**31))
_SIZES = (-1, 0, 1, 3, 65_536, 2**31 - 1)


def truncated(data: bytes, chooser: random.Random) -> bytes:
    return data[: chooser.randrange(len(data))]


def flipped(data: bytes, chooser: random.Random) -> bytes:
    """One to four bytes changed, mostly where the structure is rather than the weights."""
    damaged = bytearray(data)
    for _ in range(chooser.randint(1, 4)):
        reach = len(data) if chooser.random() < 0.5 else min(len(data), 4096)
        position = chooser.randrange(reach)
        if chooser.random() < 0.5:
            position = len(data) - 1 - position
        damaged[position] ^= chooser.choice((0x01, 0x80, 0xFF, 1 << chooser.randrange(8)))
    return bytes(damaged)


def _graph(model: Any, chooser: random.Random) -> Any:
    return chooser.choice(model.subgraphs)


def _any_index(graph: Any, chooser: random.Random) -> int:
    count = max(len(graph.tensors), 1)
    return chooser.choice((*_INDICES, chooser.randrange(count), chooser.randrange(count), count))


def _operand(model: Any, chooser: random.Random) -> None:
    """An input or output of an operator becomes another tensor: bad indices and cycles."""
    graph = _graph(model, chooser)
    op = chooser.choice(graph.operators)
    values = chooser.choice((list(op.inputs), list(op.outputs)))
    target = "inputs" if values == list(op.inputs) else "outputs"
    if values:
        values[chooser.randrange(len(values))] = _any_index(graph, chooser)
    setattr(op, target, values)


def _arity(model: Any, chooser: random.Random) -> None:
    op = chooser.choice(_graph(model, chooser).operators)
    name = chooser.choice(("inputs", "outputs"))
    values = list(getattr(op, name))
    setattr(op, name, values[:-1] if chooser.random() < 0.5 else values + values[:1])


def _shape(model: Any, chooser: random.Random) -> None:
    tensor = chooser.choice(_graph(model, chooser).tensors)
    shape = [] if tensor.shape is None else [int(n) for n in tensor.shape]
    if shape and chooser.random() < 0.8:
        shape[chooser.randrange(len(shape))] = chooser.choice(_SIZES)
    else:
        shape = [*shape, chooser.choice(_SIZES)]
    tensor.shape = shape


def _buffer(model: Any, chooser: random.Random) -> None:
    """Another tensor's data, none, or beyond the list."""
    tensor = chooser.choice(_graph(model, chooser).tensors)
    tensor.buffer = chooser.choice((0, 1, chooser.randrange(len(model.buffers)), 2**31 - 1))


def _type(model: Any, chooser: random.Random) -> None:
    chooser.choice(_graph(model, chooser).tensors).type = chooser.randrange(20)


def _quantization(model: Any, chooser: random.Random) -> None:
    tensor = chooser.choice(_graph(model, chooser).tensors)
    if tensor.quantization is None:
        return
    choice = chooser.randrange(4)
    if choice == 0:
        values = (0.0, -1.0, 1e-38, 3e38, float("nan"), float("inf"))
        tensor.quantization.scale = [chooser.choice(values)]
    elif choice == 1:
        tensor.quantization.zeroPoint = [chooser.choice((-(2**63), 2**62, 300, -129))]
    elif choice == 2:
        tensor.quantization.quantizedDimension = chooser.choice(_INDICES)
    else:
        tensor.quantization = None


def _options(model: Any, chooser: random.Random) -> None:
    op = chooser.choice(_graph(model, chooser).operators)
    if op.builtinOptions is None or chooser.random() < 0.2:
        op.builtinOptions = None
        op.builtinOptionsType = 0
        return
    names = [n for n, v in vars(op.builtinOptions).items() if isinstance(v, int)]
    if names:
        name = chooser.choice(names)
        if isinstance(getattr(op.builtinOptions, name), bool):
            setattr(op.builtinOptions, name, chooser.random() < 0.5)
        else:
            setattr(op.builtinOptions, name, chooser.choice((0, 1, 2, 5, 120)))


def _operator(model: Any, chooser: random.Random) -> None:
    code = chooser.choice(model.operatorCodes)
    code.builtinCode = chooser.randrange(0, 209)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def _order(model: Any, chooser: random.Random) -> None:
    chooser.shuffle(_graph(model, chooser).operators)


def _border(model: Any, chooser: random.Random) -> None:
    graph = _graph(model, chooser)
    name = chooser.choice(("inputs", "outputs"))
    values = list(getattr(graph, name))
    setattr(graph, name, [*values[1:], _any_index(graph, chooser)])


_EDITS: tuple[Callable[[Any, random.Random], None], ...] = (
    _operand, _arity, _shape, _buffer, _type, _quantization, _options, _operator, _order, _border,
)  # fmt: skip


class Mutator:
    """Mutations of one file; the same seed gives the same ones."""

    def __init__(self, data: bytes, seed: int) -> None:
        self._data = data
        self._chooser = random.Random(seed)
        self._model = unpack(data)

    def mutants(self, count: int) -> Iterator[tuple[str, bytes]]:
        """What was done, and the file."""
        for _ in range(count):
            kind = self._chooser.random()
            if kind < 0.15:
                yield "truncated", truncated(self._data, self._chooser)
            elif kind < 0.5:
                yield "flipped", flipped(self._data, self._chooser)
            else:
                yield from self._edited()

    def _edited(self) -> Iterator[tuple[str, bytes]]:
        edit = self._chooser.choice(_EDITS)
        model = copy.deepcopy(self._model)
        edit(model, self._chooser)
        try:
            data = pack(model)
        # The independent writer refuses some values; nothing to test then.
        except (TypeError, ValueError, OverflowError):
            return
        yield edit.__name__, data
