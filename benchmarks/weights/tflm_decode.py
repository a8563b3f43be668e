"""What weights for TFLM's DECODE save in model files: ``make tflm-decode`` prints the tables.

Files are stock ones and copies whose filters are changed in place; the copies say nothing of
accuracy. With a checkout of TFLM in TFLM_DIR a second table measures whole firmware on a virtual
Cortex-M4. Every file and firmware gives the output bytes of the plain one, or nothing is printed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
from support.compression.tflm_encoded import encoded

from benchmarks.kernels import data_directory
from benchmarks.performance_page import table
from benchmarks.weights.encoded_networks import with_half_zeros, with_weights
from tinycompress import pipeline
from tinycompress.artifacts import TflmCompression, TflmEncoding, TflmMethod
from tinycompress.errors import ModelError

BOARD = "qemu_mps2_an386"
METHODS: tuple[TflmMethod, ...] = ("lut", "huffman", "prune")
NETWORKS: Mapping[str, str] = {
    "DS-CNN": "mlperf_tiny/kws_ref_model",
    "ResNet-8": "mlperf_tiny/pretrainedResnet_quant",
    "VWW": "mlperf_tiny/vww_96_int8",
    "ad01": "mlperf_tiny/ad01_int8",
    "person_detect": "tflm/person_detect",
    "LeNet-300-100": "mcunet_tinyengine/ptq_mnist_lenet-300-100",
}
MEASURED = (("ResNet-8", "half zeros"), ("ad01", "half zeros"), ("ad01", "90 % zeros"))
_FILE_HEADS = ("network", "weights", "plain, bytes", *METHODS, "auto", "layers", "firmware, bytes")
_BOARD_HEADS = ("network", "weights", "`--weights`", "flash, bytes", "arena, bytes",
                "instructions", "cycles")  # fmt: skip
_Int8s = npt.NDArray[np.int8]


def with_90_zeros(tflite: bytes) -> bytes:
    """The smaller 90 % of each filter as 0, the others as they are."""

    def pruned(weights: _Int8s) -> _Int8s:
        size = np.abs(weights.astype(np.int64))
        return np.where(size > np.quantile(size, 0.9), weights, 0).astype(np.int8)

    return with_weights(tflite, pruned)


def with_16_values(tflite: bytes) -> bytes:
    """Every weight rounded down to a multiple of 16."""
    return with_weights(tflite, lambda weights: (weights // 16 * 16).astype(np.int8))


COPIES: Mapping[str, Callable[[bytes], bytes]] = {
    "stock": bytes,
    "16 values": with_16_values,
    "half zeros": with_half_zeros,
    "90 % zeros": with_90_zeros,
}


def _encoded(tflite: bytes, compression: TflmCompression) -> TflmEncoding | None:
    try:
        return encoded(tflite, compression).tflm_encoding
    except ModelError:
        return None


def file_rows(data: Path) -> Iterator[list[str]]:
    """A row for each network and copy: bytes of the file by each method, and of firmware."""
    for network, name in NETWORKS.items():
        stock = (data / "models" / f"{name}.tflite").read_bytes()
        for copy, change in COPIES.items():
            tflite = change(stock)
            found = [_encoded(tflite, each) for each in METHODS]
            auto = _encoded(tflite, "auto")
            yield [
                network, copy, f"{len(tflite):,}",
                *("larger" if one is None else f"{one.after_bytes:,}" for one in (*found, auto)),
                "none" if auto is None else _layers(auto),
                "refused" if auto is None else _firmware(auto),
            ]  # fmt: skip


def _layers(encoding: TflmEncoding) -> str:
    counts = Counter(tensor.method for tensor in encoding.tensors)
    return ", ".join(f"{method} {counts[method]}" for method in METHODS if method in counts)


def _firmware(encoding: TflmEncoding) -> str:
    grown = encoding.code_bytes - encoding.saved_bytes
    return f"{grown:+,}" if grown < 0 else f"{grown:+,}: refused"


def board_rows(data: Path) -> Iterator[list[str]]:
    """A row for each network and method: firmware on `BOARD`, compared with the oracle."""
    for network, copy in MEASURED:
        stock = (data / "models" / f"{NETWORKS[network]}.tflite").read_bytes()
        for compression in get_args(TflmCompression):
            with tempfile.TemporaryDirectory(prefix="tinycompress-decode-") as directory:
                model = Path(directory) / "model.tflite"
                model.write_bytes(COPIES[copy](stock))
                yield [network, copy, compression, *_measured(model, compression)]


def _measured(model: Path, compression: TflmCompression) -> list[str]:
    output = model.parent / "project"
    try:
        pipeline.build(model, BOARD, engine="tflm", tflm_compression=compression, output=output)
    except ModelError as error:
        return [f"refused: {error.message}", "", "", ""]
    result = pipeline.bench(output, runs=1)
    pipeline.require_exact(result)
    assert result.cycles is not None, "virtual boards model cycles"
    assert result.instructions is not None, "and count instructions"
    return [
        f"{result.flash.total_bytes:,}", f"{result.ram.arena_bytes:,}",
        f"{round(result.instructions.median):,}", f"{round(result.cycles.median):,}",
    ]  # fmt: skip


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", help="directory with models/ (default: TC_SHARED_DATA)")
    data = data_directory(parser.parse_args().data)
    print(table(list(_FILE_HEADS), list(file_rows(data)), 2))
    if os.environ.get("TFLM_DIR"):
        print(table(list(_BOARD_HEADS), list(board_rows(data)), 3))


if __name__ == "__main__":
    main()
