"""What a user may choose, and how a figure can be got: closed sets of names."""

from __future__ import annotations

from typing import Literal

ExactTo = Literal["tflm", "litert"]
"""Whose arithmetic the firmware reproduces byte for byte."""

Activations = Literal["int8", "int16"]
"""What a converted model computes on; weights are int8 with either, biases wider."""

EngineName = Literal["aot", "tflm"]

Optimize = Literal["speed", "ram", "flash"]
"""What comes first where kernels differ: see `tinycompress.codegen.CodegenOptions`."""

WeightType = Literal["int8", "int4"]
"""Integers of a converted model's weights; the file holds int4 ones as int8, too."""

Weights = Literal["auto", "plain"]
"""Whether weights may be encoded in flash."""

TflmMethod = Literal["lut", "huffman", "prune"]
"""A decoder of TFLite Micro's DECODE operator: lookup tables, Huffman code, bitmap and values."""

TflmCompression = Literal["none", "auto", "lut", "huffman", "prune"]
"""How weights are stored for TFLite Micro: as they are, each layer's by the smallest of DECODE's
methods, or all by one of them."""

ToolchainName = Literal["zig", "gcc"]

ToolchainChoice = Literal["auto", "zig", "gcc"]
"""``auto`` is the compiler that pip brought, if it is there."""

FrameworkName = Literal["cmake", "arduino", "zephyr", "library"]
"""Whose start-up, linker script and build a project uses: ours (``cmake``), or a framework's. A
``library`` has none: it is the model alone, for a program of the user's."""

SampleMethod = Literal["zeroq", "dfqf"]
"""A way to make samples of a trained model alone: see `tinycompress.compression.synthetic`."""

DataFree = Literal["none", SampleMethod]
"""What users say in the place of data: ``none`` takes the method that suits the model."""

TemplateName = Literal["keywords", "images", "imu", "anomaly"]
"""What a project that `init` starts is for: a folder of ``examples/templates``."""

BuiltBy = ToolchainName | Literal["arduino", "zephyr"]
"""What compiled firmware: a compiler of ours, or a framework with its own."""

TransportName = Literal["uart", "usb-cdc", "qemu-stdio"]
"""How a host reaches firmware: UART, the board's own USB, or QEMU's standard streams."""

LinkKind = Literal["virtual", "serial"]
"""Whether firmware was reached in an emulation of this process, or through a port."""

Machine = Literal["silicon", "emulated", "host", "unknown"]
"""What firmware says that it runs on; ``host`` is a PC, ``unknown`` that it does not say."""

Obtained = Literal["measured", "emulated", "unknown", "estimated"]
"""How a figure was got: on a real board, on an emulated one, on a device that does not say which
of the two it is or is a PC, or by a calculation."""

QualityKind = Literal["classes", "labels", "regression", "reconstruction"]
"""What an output is judged as: one class of many, labels of which several may be true, values, or
the model's own input."""

ScoreName = Literal[
    "accuracy", "pixel accuracy", "accuracy per step", "macro F1", "R²", "R² of the reconstruction",
    "AUC of the reconstruction error",
]  # fmt: skip
"""What a score is: accuracies of classes, one for the sample, each pixel or each time step; F1 of
labels; R² of values; of an autoencoder how well it tells anomalies, or how much it explains."""
