"""Sensitivity with known answers: a quadratic loss, a layer made to matter most; the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.compression.classifier import CLASSES, X, classifier
from support.compression.small_models import trained

import tinycompress
from tinycompress import _tf
from tinycompress._progress import no_progress
from tinycompress.cli.main import _run
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.sensitivity import (
    Change,
    SensitivityOptions,
    SensitivityTable,
    measure_sensitivity,
)
from tinycompress.compression.sensitivity.hessian import Trace, hessian_traces
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf
Array = npt.NDArray[Any]
FEW = SensitivityOptions(
    sparsities=(0.5,), clusters=(4,), bits=(8, 4, 2), samples=64, hessian_probes=8
)


def linear(inputs: int, outputs: int) -> Any:
    keras = _tf.tf_keras()
    return keras.Sequential([keras.layers.Dense(outputs, input_shape=(inputs,), name="w")])


def trace_of(x: Array, outputs: int, probes: int) -> Trace:
    model = linear(x.shape[1], outputs)
    data = Data((x,), (np.zeros((len(x), outputs), np.float32),))
    task = Task("regression", outputs, from_logits=True)
    (found,) = hessian_traces(
        model, [[model.layers[0].kernel]], [task], data, probes=probes, seed=0, progress=no_progress
    )
    return found


def test_the_trace_of_a_quadratic_loss_is_known() -> None:
    """The mean of (xW - y)^2 over outputs has the Hessian 2/m E[xx'] for each of m outputs."""
    # Uncorrelated inputs: the Hessian is diagonal, and every probe gives the trace itself.
    x = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 3], [0, 0, 0]], np.float32)
    found = trace_of(x, outputs=4, probes=8)
    assert found.value == pytest.approx(2 * (1 + 4 + 9) / 4, rel=1e-5)
    assert found.error == pytest.approx(0.0, abs=1e-5)


def test_the_estimate_is_within_its_own_error() -> None:
    generator = np.random.default_rng(3)
    x = (generator.normal(size=(200, 5)) @ generator.normal(size=(5, 5))).astype(np.float32)
    found = trace_of(x, outputs=3, probes=64)
    wanted = 2 * float(np.mean(np.sum(x.astype(np.float64) ** 2, axis=1)))
    assert 0 < found.error < 0.2 * wanted
    assert abs(found.value - wanted) < 4 * found.error


def measured(network: Network, data: Data, **options: Any) -> SensitivityTable:
    return measure_sensitivity(network, data, options=replace(FEW, **options))


def test_the_layer_that_is_made_to_matter_comes_first() -> None:
    """One of two parallel layers has all of the signal, the other one hundredth of it."""
    keras = _tf.keras()
    source = keras.Input((6,))
    loud = keras.layers.Dense(3, use_bias=False, name="loud")(source)
    quiet = keras.layers.Dense(3, use_bias=False, name="quiet")(source)
    model = keras.Model(
        source, keras.layers.Softmax(name="out")(keras.layers.Add(name="add")([quiet, loud]))
    )
    kernel = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    model.get_layer("loud").set_weights([4 * kernel])
    model.get_layer("quiet").set_weights([0.04 * kernel])
    network = lower(read_network(model))
    data = Data((X,), (np.argmax(X @ kernel, axis=1),))
    table = measured(network, data)
    for change in table.changes:
        assert [layer.layer for layer in table.ranked(change)] == ["loud", "quiet"], change
    bits = Change("bits", 2)
    loudest, quietest = table.ranked(bits)
    assert loudest.point(bits).divergence > 100 * quietest.point(bits).divergence
    assert loudest.perturbation(bits) > 100 * quietest.perturbation(bits)


def test_int8_costs_next_to_nothing_and_fewer_bits_more() -> None:
    network, trainer = trained()
    table = measured(network, trainer.validation)
    assert [layer.layer for layer in table.layers] == [
        "stem", "dw", "pw", "branch", "hidden", "out",
    ]  # fmt: skip
    assert table.samples == 64
    assert table.accuracy is not None
    for layer in table.layers:
        eight, four, two = (layer.point(Change("bits", bits)) for bits in (8, 4, 2))
        assert eight.divergence < four.divergence < two.divergence
        assert eight.squared_error < four.squared_error < two.squared_error
        assert eight.accuracy == pytest.approx(table.accuracy, abs=0.02)
        assert layer.hessian_error is not None


def test_the_same_seed_gives_the_same_table() -> None:
    network, trainer = trained()
    one = measured(network, trainer.validation, hessian=False)
    assert one == measured(network, trainer.validation, hessian=False)
    assert one != measured(network, trainer.validation, hessian=False, seed=1)


def test_some_layers_alone_and_no_such_layer() -> None:
    network, trainer = trained()
    options = replace(FEW, hessian=False)
    table = measure_sensitivity(network, trainer.validation, options=options, layers=["pw"])
    assert [layer.layer for layer in table.layers] == ["pw"]
    with pytest.raises(ConfigError, match="no layer with a kernel to change"):
        measure_sensitivity(network, trainer.validation, options=options, layers=["zz"])


def test_without_labels_there_is_divergence_alone(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=X)
    table = tinycompress.measure_sensitivity(
        classifier(), tmp_path / "x.npz", options=FEW, output=tmp_path / "out"
    )
    assert table.accuracy is None
    assert table.hessian_samples == 0
    assert all(layer.hessian_trace is None for layer in table.layers)
    assert any("no labels" in note for note in table.notes)
    labelled = tinycompress.measure_sensitivity(classifier(), (X, CLASSES), options=FEW)
    for one, other in zip(table.layers, labelled.layers, strict=True):
        unlabelled = [point.divergence for point in one.points]
        np.testing.assert_allclose(unlabelled, [p.divergence for p in other.points], rtol=1e-6)
    stored = json.loads((tmp_path / "out" / "sensitivity.json").read_text())
    assert stored.pop("schema") == "tinycompress.sensitivity"
    assert stored.pop("schema_version") == 1
    assert SensitivityTable.from_json(stored) == table
    assert (tmp_path / "out" / "sensitivity.svg").read_text().startswith("<?xml")


def test_the_model_is_left_as_it_was() -> None:
    before = classifier().get_weights()
    tinycompress.measure_sensitivity(classifier(), (X, CLASSES), options=FEW)
    for one, other in zip(before, classifier().get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_samples_that_give_no_number_are_refused() -> None:
    network, _ = trained()
    far = np.full((8, 12, 12, 1), 3e38, np.float32)
    with pytest.raises(ConfigError, match="not finite on these samples"):
        measured(network, Data((far,), ()))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sensitivity")
    network, trainer = trained()
    build_model(network, "keras").save(directory / "m.keras")
    np.savez(directory / "val.npz", x=trainer.validation.inputs[0], y=trainer.validation.labels[0])
    return directory


def test_the_command_prints_tables_that_fit_and_writes_its_files(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command = ["inspect", str(files / "m.keras"), "--sensitivity", "--data",
               str(files / "val.npz"), "--samples", "32"]  # fmt: skip
    assert _run([*command, "-o", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    tables = [line for line in out.splitlines() if line.startswith(("│", "┃", "┡", "└"))]
    assert max(map(len, tables)) <= 80
    assert "no room for" not in out
    for words in ("pruned to", "clustered to", "weights of so many bits", "Hessian, 32 samples",
                  "32 samples are few"):  # fmt: skip
        assert words in out
    assert "sensitivity.svg" in err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "sensitivity.json", "sensitivity.svg",
    }  # fmt: skip
    assert _run([*command, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "tinycompress.sensitivity"
    assert answer == json.loads((tmp_path / "out" / "sensitivity.json").read_text())
