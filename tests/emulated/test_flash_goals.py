"""What the MLPerf Tiny models' firmware takes in flash beyond their weights, byte by byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import require_tool

from tinycompress import pipeline
from tinycompress.artifacts import BuiltFirmware, ToolchainName
from tinycompress.elf import read_elf
from tinycompress.ir.graph import DType, Graph
from tinycompress.ir.reader import read_model
from tinycompress.toolchain.sizes import SourceGroups, code_sizes, flash_items

pytestmark = [pytest.mark.slow, pytest.mark.shared]

MODELS = (
    "mlperf_tiny/ad01_int8", "mlperf_tiny/kws_ref_model", "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/str_ww_ref_model", "mlperf_tiny/vww_96_int8", "tflm/person_detect",
)  # fmt: skip
_CODE_LIMIT_BYTES = 8192
_PADDING = 1.02
_TABLE_BYTES = 6
_BIAS_BYTES = 4
_GROUPS = SourceGroups(
    platform=frozenset({"platform.c", "tc_startup.c", "tc_fault.c"}),
    model=frozenset({"tcm_model.c", "tcm_weights.c"}),
)


def _built(model: Path, toolchain: ToolchainName, directory: Path) -> BuiltFirmware:
    made = pipeline.build(model, "qemu_mps2_an386", toolchain=toolchain, output=directory)
    return made.firmware


def _weights_limit(graph: Graph) -> float:
    """Int8 weights with their padding, a bias and a table entry for each output channel."""
    limit = 0.0
    for op in graph.ops:
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights = graph.tensors[op.inputs[1]]
            assert weights.data is not None
            assert weights.dtype is DType.INT8
            channels = weights.shape[3 if op.kind == "DEPTHWISE_CONV_2D" else 0]
            limit += int(np.prod(weights.shape)) * _PADDING
            limit += channels * (_TABLE_BYTES + _BIAS_BYTES)
    return limit


@pytest.mark.parametrize("toolchain", ["gcc", "zig"])
@pytest.mark.parametrize("name", MODELS)
def test_code_and_tables_are_small(
    shared_data: Path, tmp_path: Path, name: str, toolchain: ToolchainName
) -> None:
    if toolchain == "gcc":
        require_tool("gcc")
    model = shared_data / "models" / f"{name}.tflite"
    items = flash_items(read_elf(_built(model, toolchain, tmp_path / "p").elf), _GROUPS)
    code = code_sizes(items)
    assert code.protocol_bytes > 1000
    assert code.total_bytes <= _CODE_LIMIT_BYTES, code
    weights = sum(item.size_bytes for item in items) - code.total_bytes - code.protocol_bytes
    limit = _weights_limit(read_model(model.read_bytes()).main)
    assert weights <= limit, code
