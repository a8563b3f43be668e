"""A new operator takes one Python file, one C file and a line in ``OPS``; this is its test file."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support import toy_operator
from support.common import ROOT, replace_everywhere
from support.host_model import HostModel, run_sanitized
from support.models.tflite_files import Builder

import tinycompress
from tinycompress import _resources
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.ops import OPS
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

_KERNEL = ROOT / "tests" / "data" / "toy_operator" / "floor_s8_ref.h"
_OPTIONS = CodegenOptions()


@pytest.fixture
def floor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """FLOOR is an operator of the engine: the C file in its room, the line in ``OPS``."""
    templates = tmp_path / "firmware_templates"
    shutil.copytree(_resources.firmware_templates_dir(), templates)
    shutil.copy(_KERNEL, templates / "engine" / "aot" / "kernels" / "elementwise")
    old = _resources.firmware_templates_dir
    replace_everywhere(monkeypatch, "firmware_templates_dir", old, lambda: templates)
    known = MappingProxyType({**OPS, "FLOOR": toy_operator.SPEC})
    replace_everywhere(monkeypatch, "OPS", OPS, known)


def _tflite(columns: int = 5) -> bytes:
    """A dense layer, then FLOOR: int8 [2, 5] -> int8 [2, columns]."""
    builder = Builder()
    x = builder.tensor([2, 5], scales=[0.1], zero_points=[3], name="x")
    weights = builder.tensor(
        [columns, 5], data=np.eye(columns, 5, dtype=np.int8) * 64, scales=[1 / 64], zero_points=[0]
    )
    h = builder.tensor([2, columns], scales=[0.1], zero_points=[3])
    y = builder.tensor([2, columns], scales=[0.1], zero_points=[3], name="y")
    builder.op("FULLY_CONNECTED", [x, weights, -1], [h], schema.FullyConnectedOptionsT())
    builder.op("FLOOR", [h], [y], None)
    return builder.pack([x], [y])


def test_without_it_the_model_is_refused() -> None:
    with pytest.raises(ModelError) as caught:
        generate(read_model(_tflite()), _OPTIONS)
    assert "FLOOR" in caught.value.reasons[0]


@pytest.mark.usefixtures("floor")
def test_with_it_the_model_runs() -> None:
    sources = generate(read_model(_tflite()), _OPTIONS)
    assert [layer.kernel for layer in sources.layers][-1] == "floor_s8_ref"
    x = np.random.default_rng(4).integers(-128, 128, (2, 5)).astype(np.int8)
    (y,) = HostModel(sources).run(x)
    assert (y == (x & -toy_operator.STEP)).all()
    ((sanitized,),) = run_sanitized(sources, [(x,)])
    assert (sanitized == y).all()


@pytest.mark.usefixtures("floor")
def test_with_it_firmware_is_built(tmp_path: Path) -> None:
    (tmp_path / "toy.tflite").write_bytes(_tflite())
    made = tinycompress.build(tmp_path / "toy.tflite", "pico", output=tmp_path / "toy")
    assert made.require_firmware().elf.is_file()
    assert (made.directory / "model" / "kernels" / "elementwise" / "floor_s8_ref.h").is_file()
