"""A new encoding takes a Python module, its C, and a line in ``ENCODINGS``; this is its test."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support import toy_encoding
from support.cases.encoded import PreferEncoding
from support.common import ROOT, replace_everywhere
from support.host_model import HostModel, run_sanitized
from support.models.tflite_files import Builder

import tinycompress
from tinycompress import _resources
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.weights.encodings import ENCODINGS
from tinycompress.ir.reader import read_model

_KERNELS = ROOT / "tests" / "data" / "toy_encoding"
_BATCHES, _INPUTS, _OUTPUTS = 2, 37, 9


@pytest.fixture
def nibbles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PreferEncoding:
    """The encoding is one of the engine's: the C files in their room, the line in the list."""
    templates = tmp_path / "firmware_templates"
    shutil.copytree(_resources.firmware_templates_dir(), templates)
    room = templates / "engine" / "aot" / "kernels" / "dense" / "encoded"
    shutil.copytree(_KERNELS, room, dirs_exist_ok=True)
    old = _resources.firmware_templates_dir
    replace_everywhere(monkeypatch, "firmware_templates_dir", old, lambda: templates)
    replace_everywhere(monkeypatch, "ENCODINGS", ENCODINGS, (*ENCODINGS, toy_encoding.encodings))
    return PreferEncoding(toy_encoding.NAME)


def _tflite() -> bytes:
    """A dense layer with weights of -8 to 7: int8 [batches, inputs] -> int8 [batches, outputs]."""
    builder, rng = Builder(), np.random.default_rng(8)
    data = rng.integers(-8, 8, (_OUTPUTS, _INPUTS)).astype(np.int8)
    x = builder.tensor([_BATCHES, _INPUTS], scales=[0.1], zero_points=[3], name="x")
    weights = builder.tensor(data.shape, data=data, scales=[0.02], zero_points=[0])
    y = builder.tensor([_BATCHES, _OUTPUTS], scales=[0.1], zero_points=[-4], name="y")
    builder.op("FULLY_CONNECTED", [x, weights, -1], [y], schema.FullyConnectedOptionsT())
    return builder.pack([x], [y])


@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_with_it_the_same_outputs_come_of_fewer_bytes(
    nibbles: PreferEncoding, exact_to: ExactTo
) -> None:
    model, chosen = read_model(_tflite()), CodegenOptions(exact_to=exact_to)
    plain = generate(model, CodegenOptions(exact_to=exact_to, weights="plain"))
    sources = generate(model, chosen, prefer=nibbles)
    assert nibbles.found == 1
    (layer,) = sources.layers
    assert layer.weights is not None
    assert (layer.weights.encoding, layer.weights.detail) == (toy_encoding.NAME, "four bits")
    assert layer.weights.encoded_bytes == _OUTPUTS * (_INPUTS + 1) // 2
    x = np.random.default_rng(4).integers(-128, 128, (_BATCHES, _INPUTS)).astype(np.int8)
    (expected,), (y,) = HostModel(plain).run(x), HostModel(sources).run(x)
    assert (y == expected).all()
    ((sanitized,),) = run_sanitized(sources, [(x,)])
    assert (sanitized == expected).all()


@pytest.mark.usefixtures("nibbles")
def test_without_costs_it_is_not_chosen(tmp_path: Path) -> None:
    """What its kernels take is unknown until they are measured: ``make kernel-costs``."""
    (tmp_path / "toy.tflite").write_bytes(_tflite())
    made = tinycompress.build(tmp_path / "toy.tflite", "pico", output=tmp_path / "toy")
    assert [layer.weights for layer in made.project.layers] == [None]
