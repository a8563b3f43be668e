"""Which layers are paired, what is refused before anything is trained, and a loss of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from support.compression.small_models import trained
from support.compression.students import student, teach

from tinycompress import _tf
from tinycompress.compression.distillation import methods
from tinycompress.compression.distillation.base import FeatureLoss
from tinycompress.compression.distillation.methods import METHODS
from tinycompress.compression.distillation.shapes import anything
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.read import read_network
from tinycompress.compression.training.options import Distill
from tinycompress.compression.training.pairing import pairs_of
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf


def in_tf_keras(model: Any) -> Any:
    return build_model(read_network(model), "tf_keras")


def teacher() -> Any:
    return build_model(trained()[0], "tf_keras")


def names(method: str, pairs: Sequence[Sequence[str]] | None = None) -> list[tuple[str, str]]:
    distill = Distill.model_validate({"method": method, "pairs": pairs})
    (found,) = pairs_of([teacher()], in_tf_keras(student()), distill)
    return [(one.name, other.name) for one, other in found]


def test_by_shape_the_last_layers_of_equal_positions_are_paired() -> None:
    # 12x12 of stem and first, 6x6 of dw, pw, branch and second; hidden has no positions.
    assert names("attention") == [("stem", "first"), ("branch", "second")]
    assert names("hints") == [("stem", "first"), ("branch", "second")]
    assert names("similarity") == names("relational") == [("hidden", "second")]


def test_by_name_a_feature_comes_from_behind_normalization_and_activation() -> None:
    distill = Distill(method="attention", pairs=(("branch", "first"), ("add", "first_relu")))
    ((one, own), (added, relu)) = pairs_of([teacher()], in_tf_keras(student()), distill)[0]
    # A larger map is pooled where its size is a multiple.
    assert (one.shape, own.shape) == ((6, 6, 16), (12, 12, 6))
    assert own.tensor is relu.tensor
    assert "relu" in own.tensor.name
    assert "z_bn" in one.tensor.name
    assert added.shape == (6, 6, 16)


def test_several_teachers_give_the_layers_that_they_have() -> None:
    other = in_tf_keras(student(10))
    distill = Distill(method="hints", pairs=(("stem", "first"), ("first", "first")))
    found = pairs_of([teacher(), other], in_tf_keras(student()), distill)
    assert [[one.name for one, _ in pairs] for pairs in found] == [["stem"], ["first"]]


@pytest.mark.parametrize(
    ("distill", "words"),
    [
        (
            {"method": "attention", "pairs": [["steam", "first"], ["stem", "nothing"]]},
            ["'steam' is no layer of the teacher; did you mean 'stem'?",
             "'nothing' is no layer of the student; known:"],
        ),
        ({"method": "attention", "pairs": [["stem", "first_bn"]]},
         ["'first_bn' of the student is a BatchNormalization", "name the layer before it"]),
        ({"method": "attention", "pairs": [["hidden", "second"]]},
         ["'hidden' of the teacher (12) and 'second' of the student (6x6x6): the teacher's layer"
          " has channels alone"]),
        ({"method": "hints", "pairs": [["hidden", "second"]]}, ["a layer without positions"]),
        ({"method": "fsp"}, ["needs 2 or more pairs of layers, and by shape it finds 0",
                             "stem 12x12x8, dw 6x6x8", "first 12x12x6, second 6x6x6"]),
        ({"method": "fsp", "pairs": [["stem", "first"], ["dw", "second"]]},
         ["8 channels against 6"]),
    ],
)  # fmt: skip
def test_layers_that_cannot_be_paired_are_refused_before_training(
    distill: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        teach({"kind": "train"}, {"kind": "train", "distill": distill})
    assert caught.value.exit_code == 2
    assert caught.value.hint
    text = str(caught.value)
    assert text.startswith("stage[1] (train): distill")
    for one in words:
        assert one in text


def test_flow_matrices_need_the_channels_that_pruning_takes() -> None:
    taught = {"kind": "train", "distill": {"method": "fsp"}}
    with pytest.raises(ConfigError, match=r"stage\[0\] \(prune_channels\) takes some away"):
        teach({"kind": "prune_channels"}, taught, student=None)


@pytest.mark.parametrize("who", ["student", "teachers", "assistants"])
def test_other_outputs_are_refused_whoever_has_them(who: str) -> None:
    other = student(classes=5)
    given = {who: other if who == "student" else [other]}
    with pytest.raises(ConfigError) as caught:
        teach({"kind": "train", "distill": {}}, **given)
    assert "gives [(5,)], the model [(4,)]; allowed: the same" in str(caught.value)
    assert caught.value.hint


def test_an_untrained_student_is_trained_first() -> None:
    with pytest.raises(ConfigError, match="the student only guesses") as caught:
        teach({"kind": "prune"})
    assert caught.value.hint is not None
    assert "begin the recipe with a stage of kind = 'train'" in caught.value.hint


def test_what_no_sample_can_do_is_refused() -> None:
    keras = _tf.keras()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    from tinycompress.compression.training.shifting import require_shiftable

    with pytest.raises(ConfigError, match=r"distill.shift: the model takes \[\(3,\)\]"):
        require_shiftable(read_network(model))


# What its own file would hold, compression/distillation/means.py.


def means(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """The squared difference of the means of features."""
    tf = _tf.tensorflow()
    pairs = zip(teacher, student, strict=True)
    return tf.add_n([tf.square(tf.reduce_mean(a) - tf.reduce_mean(b)) for a, b in pairs])


def test_a_loss_of_ones_own_takes_a_function_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"means": FeatureLoss(means, anything, by_shape="last")}
    monkeypatch.setattr(methods, "METHODS", {**METHODS, **line})
    with pytest.raises(ConfigError, match="did you mean 'means'"):
        teach({"kind": "train", "distill": {"method": "meens"}})
    network, trainer = trained()
    tune = {"epochs": 6, "batch_size": 64, "learning_rate": 1e-2}
    distill = {"method": "means", "weight": 0.9999}
    result = teach({"kind": "train", "fine_tune": tune, "distill": distill})
    assert result.rows[1].float_accuracy > 0

    def mean_of(model: Any, name: str) -> float:
        probe = _tf.tf_keras().Model(model.inputs, model.get_layer(name).output)
        return float(np.mean(probe(trainer.train.inputs[0])))

    aim = mean_of(build_model(network, "tf_keras"), "hidden")
    before = mean_of(in_tf_keras(student()), "second")
    after = mean_of(in_tf_keras(result.model), "second")
    assert abs(after - aim) < 0.3 * abs(before - aim)
