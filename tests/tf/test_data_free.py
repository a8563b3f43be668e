"""Samples made of a model alone: what they are like, and commands that go without data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support.compression.classifier import classifier
from support.compression.small_models import trained

from tinycompress import _tf
from tinycompress.cli.main import _run
from tinycompress.compression.data.tasks import tasks_without_labels
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.read import read_network
from tinycompress.compression.synthetic.base import Known, Making
from tinycompress.compression.synthetic.dfqf import rounded
from tinycompress.compression.synthetic.made import made_for_calibration, made_for_training
from tinycompress.compression.synthetic.norms import Probe, kept_by
from tinycompress.compression.synthetic.registry import METHODS
from tinycompress.compression.synthetic.scale import fitted_scales, smooth_noise
from tinycompress.errors import ConfigError
from tinycompress.options import BuildOptions

pytestmark = pytest.mark.tf

SHORT = Making(samples=96, steps=60, batch=48, seed=3)
QUICK = """
schema = 1
name = "quick"
description = "Thin channels, and the teacher."

[limits]
max_accuracy_drop = 1.0

[[stage]]
kind = "prune_channels"
ratio = 0.25
fine_tune = { epochs = 1, learning_rate = 1e-3 }
distill = { weight = 0.9 }
"""


@cache
def known() -> Known:
    network = trained()[0]
    return Known(network, tasks_without_labels(network))


def strangeness(one: Known, samples: Any) -> float:
    return float(Probe.of(one).run([np.asarray(samples, np.float32)])[1])


def scaled(factor: float) -> Any:
    """The trained network as it would be for an input that is so many times as large."""
    keras = _tf.keras()
    source = keras.Input((12, 12, 1))
    inner = build_model(trained()[0], "keras")
    return keras.Model(source, inner(keras.layers.Rescaling(1 / factor)(source)))


@pytest.mark.parametrize(("method", "share"), [("zeroq", 0.3), ("dfqf", 0.9)])
def test_samples_are_as_the_model_knows_its_data_and_the_same_again(
    method: Any, share: float
) -> None:
    (made,) = METHODS[method]([known()], SHORT)
    assert made.shape == (96, 12, 12, 1)
    assert made.dtype == np.float32
    noise = np.random.default_rng(0).standard_normal(made.shape)
    assert strangeness(known(), made) < share * strangeness(known(), noise)
    assert_array_equal(METHODS[method]([known()], SHORT)[0], made)
    other = Making(samples=96, steps=60, batch=48, seed=4)
    assert not np.array_equal(METHODS[method]([known()], other)[0], made)


@pytest.mark.parametrize("factor", [1 / 64, 64.0])
def test_the_scale_of_the_input_is_found(factor: float) -> None:
    network = read_network(scaled(factor))
    probe = Probe.of(Known(network, tasks_without_labels(network)))
    (scale,) = fitted_scales([probe], [(12, 12, 1)], seed=0)
    # The data have a deviation of 0.77 times the factor; noise needs no more than its order.
    assert factor / 4 <= scale.scale <= factor * 4


def test_what_normalization_keeps_is_read_as_well() -> None:
    keras = _tf.keras()
    mean, variance = [5.0, -3.0, 100.0], [4.0, 0.25, 900.0]
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Normalization(mean=mean, variance=variance),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    (kept,) = kept_by(read_network(model))
    assert_allclose(kept.mean, mean)
    assert_allclose(kept.variance, variance)
    made = made_for_calibration(model, "none")
    assert "256 samples that zeroq made from the means and variances that 1 layers" in made.told
    assert_allclose(made.inputs[0].mean(axis=0), mean, atol=2.0)
    assert_allclose(made.inputs[0].std(axis=0), np.sqrt(variance), rtol=0.1)


def test_both_kerases_say_the_same_of_their_data() -> None:
    network = trained()[0]
    found = [kept_by(read_network(build_model(network, keras))) for keras in ("keras", "tf_keras")]
    assert [len(one) for one in found] == [4, 4]
    for one, other in zip(*found, strict=True):
        assert_array_equal(one.mean, other.mean)


def test_a_generator_reaches_all_classes_and_labels_are_what_the_model_says() -> None:
    model = build_model(trained()[0], "keras")
    made = made_for_training(model, "none", seed=1)
    assert "dfqf" in made.told
    assert "its own certainty of 4 classes" in made.told
    assert "agrees with it" in made.told
    said = np.argmax(model(made.inputs[0][:200]).numpy(), axis=1)
    assert_array_equal(made.labels[0][:200].reshape(-1), said)
    assert np.bincount(made.labels[0].reshape(-1), minlength=4).min() > 100


def test_a_rival_has_few_weights_and_the_same_layers() -> None:
    network = trained()[0]
    few = rounded(network, 4)
    for name in ("stem", "pw", "hidden"):
        kernel, whole = few.layers[name].weights[0], network.layers[name].weights[0]
        assert len(np.unique(kernel)) <= 15
        assert np.abs(kernel - whole).max() <= np.abs(whole).max() / 7 / 2 + 1e-6


def test_noise_is_smooth_where_there_are_positions() -> None:
    noise = smooth_noise((16, 16, 2), 50, seed=0)
    beside = np.mean(noise[:, :, 1:] * noise[:, :, :-1])
    assert noise.std() == pytest.approx(1.0, abs=0.05)
    assert beside > 0.5
    assert smooth_noise((7,), 3, seed=0).shape == (3, 7)


@pytest.mark.parametrize("how", ["none", "zeroq"])
def test_a_model_that_keeps_nothing_is_refused(how: Any) -> None:
    with pytest.raises(ConfigError, match="has no BatchNormalization") as caught:
        made_for_calibration(classifier(), how)
    assert "--data dfqf" in str(caught.value.hint)
    assert caught.value.exit_code == 2


def test_classes_alone_will_do_for_a_generator_and_it_says_so() -> None:
    made = made_for_calibration(classifier(), "dfqf")
    assert "alone, at a scale that is guessed" in made.told


def test_values_without_statistics_and_unknown_sizes_are_refused() -> None:
    keras = _tf.keras()
    values = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ConfigError, match="dfqf can make no samples") as caught:
        made_for_calibration(values, "dfqf")
    assert "--data dfqf" not in str(caught.value.hint)
    loose = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            keras.layers.Conv2D(2, 3),
            keras.layers.BatchNormalization(),
        ]
    )
    with pytest.raises(ConfigError, match="unknown sizes"):
        made_for_calibration(loose, "none")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data-free")
    network, trainer = trained()
    build_model(network, "keras").save(directory / "m.keras")
    classifier().save(directory / "plain.keras")
    held_out = trainer.validation
    np.savez(directory / "val.npz", x=held_out.inputs[0], y=held_out.labels[0])
    (directory / "quick.toml").write_text(QUICK)
    return directory


def answer_of(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    code = _run(["-q", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_convert_goes_without_data_and_warns(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", files / "m.keras", "--data", "none", "-o", tmp_path / "m.tflite"]
    code, answer = answer_of(capsys, *command, "--val", files / "val.npz")
    assert code == 0
    assert answer["warnings"][0].startswith("no data: 256 samples that zeroq made")
    (quality,) = answer["quality"]
    assert quality["score"] >= quality["float_score"] - 0.03
    again = tmp_path / "again.tflite"
    assert answer_of(capsys, *command[:-1], again)[0] == 0
    assert again.read_bytes() == (tmp_path / "m.tflite").read_bytes()


def test_convert_refuses_what_it_cannot_go_without(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "x.tflite"
    code, answer = answer_of(capsys, "convert", files / "plain.keras", "--data", "none", "-o",
                             output)  # fmt: skip
    assert code == 2
    assert "no BatchNormalization" in answer["error"]["message"]
    # A file of that name is a file, even where it is not there.
    code, answer = answer_of(capsys, "convert", files / "m.keras", "--data", "./none", "-o", output)
    assert code == 2
    assert "there is no data file" in answer["error"]["message"]
    bad = tmp_path / "bad.npz"
    np.savez(bad, x=np.zeros((3, 5)))
    code, answer = answer_of(capsys, "convert", files / "m.keras", "--data", "none", "--val", bad,
                             "-o", output)  # fmt: skip
    assert code == 2
    assert "has shape (3, 5)" in answer["error"]["message"]
    assert not output.exists()


def test_a_tflite_needs_no_data_and_a_saved_model_has_no_layers(
    files: Path, examples_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = examples_dir / "digits" / "digits_int8.tflite"
    copy = tmp_path / "copy.tflite"
    assert answer_of(capsys, "convert", given, "--data", "none", "-o", copy)[0] == 0
    assert copy.read_bytes() == given.read_bytes()
    build_model(trained()[0], "keras").export(tmp_path / "saved", verbose=False)
    capsys.readouterr()
    code, answer = answer_of(capsys, "convert", tmp_path / "saved", "--data", "none", "-o", copy)
    assert code == 2
    assert "samples are made of a Keras model's layers" in answer["error"]["message"]


def test_build_takes_the_same_word(files: Path, tmp_path: Path) -> None:
    from tinycompress._progress import no_progress
    from tinycompress.boards import load_board
    from tinycompress.pipeline.building import _to_build

    options = BuildOptions(data="zeroq", output=tmp_path / "out")
    made = _to_build(files / "m.keras", load_board("nano33"), options, no_progress)
    assert made.warnings[0].startswith("no data: ")


def test_the_settings_file_takes_the_word_for_no_place(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "tinycompress.toml").write_text(
        f'schema = 1\nmodel = "{files / "m.keras"}"\ndata = "none"\n'
    )
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    code, answer = answer_of(capsys, "convert", "-o", inner / "m.tflite")
    assert code == 0
    assert answer["warnings"][0].startswith("no data: ")


@pytest.mark.parametrize("judged", [True, False])
def test_compress_goes_without_data_and_says_what_its_accuracy_is(
    judged: bool, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--val", files / "val.npz"] if judged else []
    code, answer = answer_of(
        capsys, "compress", files / "m.keras", "--recipe", files / "quick.toml", "--data", "dfqf",
        "-o", tmp_path / "out", *words,
    )  # fmt: skip
    assert code == 0
    before, after = answer["rows"]
    note = before["notes"][0]
    assert note.startswith("no data: 2048 samples that dfqf made")
    assert ("agrees with it" in note) is not judged
    assert after["parameters"] < 0.8 * before["parameters"]
    # Chance is a quarter; nothing that the network learnt from was seen.
    assert after["int8_accuracy"] > 0.7
    if not judged:
        assert before["float_accuracy"] == 1.0
