"""Entropy in the loss: what it counts, where it draws weights to, and what the file takes then."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.compression.classifier import CLASSES, X, trainer_of
from support.compression.runs import TUNE, run
from support.compression.small_models import accuracy, trained

from tinycompress import _tf
from tinycompress.codegen.weights.encodings import TILED, smaller_encodings
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.integers import file_integers
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.cluster import Cluster, cluster
from tinycompress.compression.stages.prune import Prune, prune
from tinycompress.compression.stages.train import Train, train
from tinycompress.compression.training.entropy import coded_bits
from tinycompress.compression.training.fine_tune import fine_tune
from tinycompress.compression.training.options import FineTune
from tinycompress.errors import ConfigError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf
_CODED = ("stem", "pw", "branch", "hidden", "out")


def entropy_bits(integers: npt.NDArray[Any]) -> float:
    """Of all together."""
    _, counts = np.unique(integers, return_counts=True)
    return float(-(counts * np.log2(counts / counts.sum())).sum())


def mean_bits(network: Network) -> float:
    """Entropy of the integers of all coded layers, for each weight."""
    kernels = {name: network.layers[name] for name in _CODED}
    bits = sum(entropy_bits(file_integers(e.weights[0], e.kind)) for e in kernels.values())
    return bits / sum(each.weights[0].size for each in kernels.values())


def bits_and_gradient(kernel: npt.NDArray[Any], kind: str) -> tuple[float, npt.NDArray[Any]]:
    tf = _tf.tensorflow()
    variable = tf.Variable(kernel.astype(np.float32))
    with tf.GradientTape() as tape:
        bits = coded_bits(variable, kind)
    return float(bits), tape.gradient(bits, variable).numpy()


@pytest.mark.parametrize(
    ("kind", "shape"), [("Dense", (40, 30)), ("Conv2D", (3, 3, 5, 8)), ("Conv1D", (5, 4, 6))]
)
def test_the_bits_are_those_of_the_integers_in_the_file(kind: str, shape: tuple[int, ...]) -> None:
    kernel = np.random.default_rng(1).normal(size=shape) * np.arange(1, shape[-1] + 1)
    kernel[..., 0] = 0.0
    bits, gradient = bits_and_gradient(kernel, kind)
    wanted = entropy_bits(file_integers(kernel.astype(np.float32), kind))
    assert bits == pytest.approx(wanted, rel=1e-4)
    assert np.isfinite(gradient).all()


def test_weights_are_drawn_to_where_many_others_are() -> None:
    # Half are 0, and the others have 127 and values around 40 and -40.
    rng = np.random.default_rng(2)
    around = rng.choice([-40.0, 40.0], 998) + rng.integers(-3, 4, 998)
    kernel = np.concatenate([np.zeros(1000), around, [127.0, 8.0]]).reshape(1, -1)
    _, gradient = bits_and_gradient(kernel, "Dense")
    above, below = (kernel == sign * 43.0 for sign in (1, -1))
    assert (gradient[above] > 0).all()
    assert (gradient[below] < 0).all()
    assert gradient[kernel == 8.0] > 0  # a step goes against it: to 0
    assert np.abs(gradient[kernel == 0.0]).max() < 0.1 * gradient[kernel == 8.0]


def test_a_kernel_of_zeros_costs_nothing_and_stays() -> None:
    bits, gradient = bits_and_gradient(np.zeros((4, 4)), "Dense")
    assert bits == 0.0
    assert (gradient == 0.0).all()


@pytest.mark.parametrize("stage", ["train", "prune", "cluster"])
def test_with_it_weights_have_less_entropy_and_the_task_is_kept(stage: str) -> None:
    network, trainer = trained()
    found = {}
    for weight in (0.0, 0.3):
        tune = FineTune(epochs=4, batch_size=32, learning_rate=3e-3, entropy_weight=weight)
        if stage == "train":
            state = train(State(network), Train(fine_tune=tune), trainer)
        elif stage == "prune":
            state = prune(State(network), Prune(sparsity=0.3, fine_tune=tune), trainer)
        else:
            options = Cluster(clusters=16, shared=True, fine_tune=tune)
            state = cluster(State(network), options, trainer)
        found[weight] = mean_bits(state.network)
        assert accuracy(state.network, trainer) > 0.9
    assert found[0.3] < 0.9 * found[0.0]


@pytest.mark.slow
def test_with_it_the_file_takes_fewer_bytes_encoded() -> None:
    sizes = {}
    for weight in (0.0, 0.3):
        tune = {**TUNE, "epochs": 4, "entropy_weight": weight}
        result = run(
            {"kind": "prune", "sparsity": 0.5, "fine_tune": tune},
            {"kind": "cluster", "clusters": 16, "shared": True, "fine_tune": tune},
            {"kind": "qat", "fine_tune": tune},
        )
        last = result.rows[-1]
        assert last.int8_accuracy > 0.9
        sizes[weight] = _encoded_bytes(result.tflite)
        assert {fact.layer: fact.distinct for fact in last.kernels}["branch"] <= 16
    assert sizes[0.3] < 0.9 * sizes[0.0]


def _encoded_bytes(tflite: bytes) -> int:
    """What the largest layer's weights take by their smallest encoding."""
    graph = read_model(tflite).main
    data = [graph.tensors[op.inputs[1]].data for op in graph.ops if op.kind == "CONV_2D"]
    largest = max((each for each in data if each is not None), key=lambda each: each.size)
    rows = largest.reshape(len(largest), -1).astype(np.int64)
    return min(each.size_bytes for each in smaller_encodings(rows, TILED))


def test_where_nothing_could_be_encoded_it_is_refused() -> None:
    keras = _tf.tf_keras()
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Reshape((1, 1, 6)),
         keras.layers.DepthwiseConv2D(1, name="alone"), keras.layers.Flatten()]
    )  # fmt: skip
    trainer = trainer_of(read_network(model), X, np.eye(6, dtype=np.float32)[CLASSES])
    state = State(read_network(model))
    options = Train(fine_tune=FineTune(entropy_weight=0.1))
    with pytest.raises(ConfigError, match="entropy_weight: the model has no layer") as caught:
        train(state, options, trainer)
    assert "Conv2D" in (caught.value.hint or "")


def test_early_stopping_sees_the_entropy_too() -> None:
    network, trainer = trained()
    losses: list[float] = []
    watch = _tf.tf_keras().callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(logs["val_loss"])
    )
    tune = FineTune(epochs=1, learning_rate=1e-6, entropy_weight=10.0, early_stop_epochs=1)
    model = build_model(network, "tf_keras")
    variables = [(model.get_layer(name).weights[0], network.layers[name].kind) for name in _CODED]
    fine_tune(model, trainer, tune, coded=variables, callbacks=[watch])
    assert losses[0] > 10 * 0.8 * mean_bits(network)
