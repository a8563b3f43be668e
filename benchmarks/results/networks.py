"""The reference networks: two LeNets to be trained, and MLPerf Tiny's two trained ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.results.samples import shared_file
from tinycompress import _tf
from tinycompress.conversion.load import load_model
from tinycompress.ir.graph import Tensor
from tinycompress.ir.reader import read_model

_KERNEL_OPS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def lenet300() -> Any:
    """LeNet-300-100 (LeCun et al. 1998), untrained: 266,610 parameters."""
    keras = _tf.keras()
    dense = keras.layers.Dense
    return keras.Sequential(
        [
            keras.Input((784,), name="pixels"),
            dense(300, activation="relu", name="fc1"),
            dense(100, activation="relu", name="fc2"),
            dense(10, activation="softmax", name="fc3"),
        ],
        name="lenet300",
    )


def lenet5() -> Any:
    """LeNet-5 as Han et al. (2015) prune it, which is Caffe's, untrained: 431,080 parameters."""
    keras = _tf.keras()
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="image"),
            layers.Conv2D(20, 5, name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(50, 5, name="conv2"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(500, activation="relu", name="fc1"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(10, activation="softmax", name="fc2"),
        ],
        name="lenet5",
    )


def mlperf_resnet8() -> Any:
    """MLPerf Tiny's trained ResNet-8: 12.5 million MACs, 78,666 parameters."""
    return load_model(shared_file("models/mlperf_tiny/pretrainedResnet_quant.h5")).model


def resnet8() -> Any:
    """ResNet-8 as MLPerf Tiny has it, untrained."""
    return _tf.keras().models.clone_model(mlperf_resnet8())


def mlperf_dscnn() -> Any:
    """MLPerf Tiny's trained DS-CNN: 2.66 million MACs, BatchNormalization folded.

    It is given as an int8 .tflite only; the kernels and biases are that file's, made real.
    """
    model = _dscnn()
    graph = read_model(shared_file("models/mlperf_tiny/kws_ref_model.tflite").read_bytes()).main
    ops = [op for op in graph.ops if op.kind in _KERNEL_OPS]
    layers = [layer for layer in model.layers if layer.weights]
    for op, layer in zip(ops, layers, strict=True):
        kernel, bias = (_real(graph.tensors[index]) for index in op.inputs[1:3])
        # The file has [out, height, width, in], or [1, height, width, channel] if depthwise.
        axes = (1, 0) if op.kind == "FULLY_CONNECTED" else (1, 2, 3, 0)
        kernel = np.transpose(kernel, axes)
        layer.set_weights([kernel, bias])
    return model


def _dscnn() -> Any:
    keras = _tf.keras()
    layers = keras.layers
    clip = keras.Input((49, 10, 1), name="mfcc")
    x = layers.Conv2D(64, (10, 4), strides=2, padding="same", activation="relu", name="conv")(clip)
    for block in range(1, 5):
        x = layers.DepthwiseConv2D(3, padding="same", activation="relu", name=f"depthwise{block}")(
            x
        )
        x = layers.Conv2D(64, 1, activation="relu", name=f"pointwise{block}")(x)
    x = layers.AveragePooling2D((25, 5), name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(12, activation="softmax", name="keyword")(x)
    return keras.Model(clip, x, name="dscnn")


def _real(tensor: Tensor) -> Any:
    if tensor.data is None or tensor.quantization is None:
        raise AssertionError(f"{tensor.name} is no quantised constant")
    quantization = tensor.quantization
    shape = [1] * len(tensor.shape)
    shape[quantization.axis if quantization.per_channel else 0] = len(quantization.scales)
    scales = np.array(quantization.scales).reshape(shape)
    return (tensor.data * scales).astype(np.float32)
