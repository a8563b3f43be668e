"""Edits of a small sound model, for tests of what the reader makes of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.models.tflite_files import pack, small_cnn, unpack
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model

Edit = Callable[[Any], None]


def read_edited(edit: Edit) -> Model:
    model = unpack(small_cnn())
    edit(model)
    return read_model(pack(model))


def tensor_of(model: Any, name: str) -> Any:
    return next(t for t in model.subgraphs[0].tensors if t.name == name.encode())


def set_tensor(which: str, /, **values: Any) -> Edit:
    def edit(model: Any) -> None:
        for key, value in values.items():
            setattr(tensor_of(model, which), key, value)

    return edit


def set_quantization(which: str, /, **values: Any) -> Edit:
    def edit(model: Any) -> None:
        for key, value in values.items():
            setattr(tensor_of(model, which).quantization, key, value)

    return edit


def set_op(index: int, **values: Any) -> Edit:
    def edit(model: Any) -> None:
        for key, value in values.items():
            setattr(model.subgraphs[0].operators[index], key, value)

    return edit


def set_graph(**values: Any) -> Edit:
    def edit(model: Any) -> None:
        for key, value in values.items():
            setattr(model.subgraphs[0], key, value)

    return edit
