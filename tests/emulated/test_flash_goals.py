"""What the MLPerf Tiny models' firmware takes in flash beyond their weights, byte by byte."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from support import require_tool

from tinycompress import pipeline
from tinycompress.artifacts import BuiltFirmware, ToolchainName
from tinycompress.elf import read_elf
from tinycompress.ir.graph import DType, Graph
from tinycompress.ir.reader import read_model
from tinycompress.toolchain.sizes import FlashItem, SourceGroups, flash_items

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
_PROTOCOL_FILES = frozenset({"tc_proto.c", "tc_proto_requests.c", "tc_cobs.c", "tc_crc32.c"})
_PROTOCOL_NAMES = ("tc_proto_", "tc_cobs_", "tc_crc32")
_LISTS = ("tcm_sha256", "tcm_layers")
"""Objects of the generated model that are neither weights nor tables of channels."""


def _is_protocol(item: FlashItem) -> bool:
    return item.file in _PROTOCOL_FILES or item.name.startswith(_PROTOCOL_NAMES)


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
    sizes: Counter[str] = Counter()
    for item in items:
        constants = item.category == "weights" and not item.name.endswith("_params")
        kind = "protocol" if _is_protocol(item) else item.category
        sizes["constants" if constants and item.name not in _LISTS else kind] += item.size_bytes
    assert sizes["protocol"] > 1000
    assert sizes["kernels"] + sizes["runtime"] + sizes["platform"] <= _CODE_LIMIT_BYTES, sizes
    graph = read_model(model.read_bytes()).main
    assert sizes["constants"] <= _weights_limit(graph), (sizes, _weights_limit(graph))
