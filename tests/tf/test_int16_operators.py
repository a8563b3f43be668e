"""The table of operators with a 16x8 form, against TensorFlow's converter and both runtimes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from support.cases.kernels import BOTH, Array
from support.host_model import HostModel

from tinycompress import _tf
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.conversion import frozen as frozen_module
from tinycompress.conversion.calibrate import Samples
from tinycompress.conversion.frozen import FrozenGraph, freeze
from tinycompress.conversion.int16_operators import INT16_OPERATORS, require_int16
from tinycompress.conversion.load import wrap_model
from tinycompress.conversion.quantize import to_floats, to_integers
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

pytestmark = pytest.mark.tf
SHAPE = (4, 4, 6)
X = np.random.default_rng(0).standard_normal((30, *SHAPE)).astype(np.float32)
Function = Callable[[Any], Any]


def _weights(*shape: int) -> Array:
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def _functions(tf: Any) -> Mapping[str, Function]:
    """For each operator something that becomes it; TANH before it where scales must differ."""
    nn, edge = tf.nn, ((0, 0), (1, 1), (1, 1), (0, 0))
    return {
        "ABS": tf.abs,
        "ADD": lambda x: x + tf.tanh(x),
        "AVERAGE_POOL_2D": lambda x: nn.avg_pool2d(x, 2, 2, "VALID"),
        "BATCH_MATMUL": lambda x: tf.matmul(x, tf.tanh(x), transpose_b=True),
        "BATCH_TO_SPACE_ND": lambda x: tf.batch_to_space(
            tf.reshape(x, (4, 2, 2, 6)), (2, 2), ((0, 0), (0, 0))
        ),
        "BROADCAST_TO": lambda x: tf.broadcast_to(tf.reshape(x, (1, 4, 1, 24)), (1, 4, 4, 24)),
        "CONCATENATION": lambda x: tf.concat([x, tf.tanh(x)], 3),
        "CONV_2D": lambda x: nn.conv2d(x, _weights(3, 3, 6, 4), 1, "SAME"),
        "DEPTHWISE_CONV_2D": lambda x: nn.depthwise_conv2d(
            x, _weights(3, 3, 6, 1), (1, 1, 1, 1), "SAME"
        ),
        "EXP": tf.exp,
        "FULLY_CONNECTED": lambda x: tf.matmul(tf.reshape(x, (1, 96)), _weights(96, 4)),
        "GATHER": lambda x: tf.gather(x, [0, 2], axis=1),
        "GATHER_ND": lambda x: tf.gather_nd(x, [[0, 1], [0, 3]]),
        "LEAKY_RELU": nn.leaky_relu,
        "LOGISTIC": tf.sigmoid,
        "MAXIMUM": lambda x: tf.maximum(x, tf.tanh(x)),
        "MAX_POOL_2D": lambda x: nn.max_pool2d(x, 2, 2, "VALID"),
        "MEAN": lambda x: tf.reduce_mean(x, (1, 2)),
        "MINIMUM": lambda x: tf.minimum(x, tf.tanh(x)),
        "MIRROR_PAD": lambda x: tf.pad(x, edge, "REFLECT"),
        "MUL": lambda x: x * tf.tanh(x),
        "PACK": lambda x: tf.stack([x, tf.tanh(x)], 1),
        "PAD": lambda x: tf.pad(x, edge),
        "REDUCE_MAX": lambda x: tf.reduce_max(x, (1, 2)),
        "REDUCE_MIN": lambda x: tf.reduce_min(x, (1, 2)),
        "RELU": nn.relu,
        "RELU6": nn.relu6,
        "RESHAPE": lambda x: tf.reshape(tf.tanh(x), (1, 96)),
        "RESIZE_BILINEAR": lambda x: tf.image.resize(x, (8, 8)),
        "RESIZE_NEAREST_NEIGHBOR": lambda x: tf.image.resize(x, (8, 8), "nearest"),
        "REVERSE_V2": lambda x: tf.reverse(x, (1,)),
        "RSQRT": lambda x: tf.math.rsqrt(tf.abs(x) + 1.0),
        "SLICE": lambda x: tf.slice(x, (0, 1, 1, 0), (1, 2, 2, 6)),
        "SOFTMAX": nn.softmax,
        "SPACE_TO_BATCH_ND": lambda x: tf.space_to_batch(x, (2, 2), ((0, 0), (0, 0))),
        "SPLIT": lambda x: tf.split(x, 2, 1),
        "SPLIT_V": lambda x: tf.split(x, (1, 3), 1),
        "SQUARED_DIFFERENCE": lambda x: tf.math.squared_difference(x, tf.tanh(x)),
        "STRIDED_SLICE": lambda x: x[:, ::2, 1:, :],
        "SUB": lambda x: x - tf.tanh(x),
        "SUM": lambda x: tf.reduce_sum(x, (1, 2)),
        "TANH": tf.tanh,
        "TRANSPOSE": lambda x: tf.transpose(x, (0, 2, 1, 3)),
        "TRANSPOSE_CONV": lambda x: nn.conv2d_transpose(
            x, _weights(3, 3, 4, 6), (1, 8, 8, 4), 2, "SAME"
        ),
        "UNPACK": lambda x: tf.unstack(x, axis=1),
    }


LACKING: Mapping[str, Callable[[Any], Function]] = {
    "ARG_MAX": lambda tf: lambda x: tf.argmax(x, 3, tf.int32),
    "DEPTH_TO_SPACE": lambda tf: lambda x: tf.nn.depth_to_space(x[..., :4], 2),
    "DIV": lambda tf: lambda x: x / (tf.abs(x) + 1.0),
    "ELU": lambda tf: tf.nn.elu,
    "FLOOR": lambda tf: tf.floor,
    "GELU": lambda tf: tf.nn.gelu,
    "HARD_SWISH": lambda tf: lambda x: x * tf.nn.relu6(x + 3.0) / 6.0,
    "L2_NORMALIZATION": lambda tf: lambda x: tf.math.l2_normalize(tf.reshape(x, (1, 96)), 1),
    "LOG": lambda tf: lambda x: tf.math.log(tf.abs(x) + 1.0),
    "LOG_SOFTMAX": lambda tf: tf.nn.log_softmax,
    "NEG": lambda tf: tf.negative,
    "PADV2": lambda tf: lambda x: tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=2.0),
    "RELU_N1_TO_1": lambda tf: lambda x: tf.clip_by_value(x, -1.0, 1.0),
    "SPACE_TO_DEPTH": lambda tf: lambda x: tf.nn.space_to_depth(x, 2),
    "SQRT": lambda tf: lambda x: tf.sqrt(tf.abs(x)),
    "SQUARE": lambda tf: tf.square,
    "TILE": lambda tf: lambda x: tf.tile(x, (1, 2, 1, 1)),
}
# They never stand in a float file: RESHAPE does their work, QUANTIZE comes with quantisation.
UNSEEN = {"EXPAND_DIMS", "QUANTIZE", "SQUEEZE"}


@pytest.fixture(autouse=True)
def _operators_as_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table holds whatever becomes of an operator before that."""
    monkeypatch.setattr(frozen_module, "rewrite", lambda graph_def: {})


def _frozen(function: Function) -> FrozenGraph:
    keras = _tf.keras()
    x = keras.Input(SHAPE, batch_size=1, name="x")
    model = keras.Model(x, keras.layers.Lambda(function, name="layer")(x), name="model")
    return freeze(wrap_model(model), (SHAPE,))


def _takes(tflite: bytes, exact_to: ExactTo) -> bool:
    """Whether engine and runtime take the file; then they must agree."""
    try:
        model = HostModel(generate(read_model(tflite), CodegenOptions(exact_to=exact_to)))
        oracle = Oracle(tflite, exact_to)
    except ModelError:
        return False
    sample = np.random.default_rng(2).integers(-32768, 32768, (1, *SHAPE)).astype(np.int16)
    for expected, actual in zip(oracle.run(sample), model.run(sample), strict=True):
        assert (expected.reshape(-1) == actual.reshape(-1)).all()
    return True


def test_every_operator_of_the_table_is_tried() -> None:
    assert set(INT16_OPERATORS) == set(_functions(_tf.tensorflow())) | UNSEEN
    assert not set(INT16_OPERATORS) & set(LACKING)


@pytest.mark.parametrize("kind", sorted(set(INT16_OPERATORS) - UNSEEN))
def test_an_operator_of_the_table_is_quantised_and_computed(kind: str) -> None:
    frozen = _frozen(_functions(_tf.tensorflow())[kind])
    assert kind in {op.kind for op in read_model(to_floats(frozen)).main.ops}
    tflite = to_integers(frozen, Samples("x", (X,)), activations="int16", per_channel_dense=False)
    assert {exact_to for exact_to in BOTH if _takes(tflite, exact_to)} == INT16_OPERATORS[kind]
    for exact_to in BOTH:
        if exact_to in INT16_OPERATORS[kind]:
            require_int16(frozen, exact_to)
            continue
        with pytest.raises(ModelError, match="cannot have int16 activations") as caught:
            require_int16(frozen, exact_to)
        assert f" {kind} 'model/layer" in caught.value.reasons[0]
        assert "alone computes it on int16" in caught.value.reasons[0]
        assert "--exact-to" in (caught.value.hint or "")


@pytest.mark.parametrize("kind", sorted(LACKING))
def test_an_operator_without_16x8_is_refused_by_name(kind: str) -> None:
    frozen = _frozen(LACKING[kind](_tf.tensorflow()))
    assert kind in {op.kind for op in read_model(to_floats(frozen)).main.ops}
    for exact_to in BOTH:
        with pytest.raises(ModelError, match="cannot have int16 activations") as caught:
            require_int16(frozen, exact_to)
        assert any(f" {kind} " in reason for reason in caught.value.reasons)
    try:
        tflite = to_integers(
            frozen, Samples("x", (X,)), activations="int16", per_channel_dense=False
        )
    except ModelError:
        return
    assert not any(_takes(tflite, exact_to) for exact_to in BOTH)
