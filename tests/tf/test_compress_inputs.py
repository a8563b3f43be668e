"""Whatever users bring to compression: forms of data, tasks, teachers, faults and interruptions."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, repeat
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest

import tinycompress
from tinycompress import _files, _tf
from tinycompress.cli.main import _run
from tinycompress.compression import run as run_module
from tinycompress.compression.build_network import build_model
from tinycompress.compression.data import Data, read_data
from tinycompress.compression.network import Network
from tinycompress.compression.options import Distill, FineTune, PruneChannels
from tinycompress.compression.prune_channels import prune_channels
from tinycompress.compression.read_network import read_network
from tinycompress.compression.result import StageRow
from tinycompress.compression.stage import State, train_network
from tinycompress.compression.tasks import Task, only_guesses, tasks_of
from tinycompress.compression.training import Trainer, fine_tune
from tinycompress.errors import ConfigError, MismatchError, ToolError

pytestmark = pytest.mark.tf
Floats = npt.NDArray[Any]
GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(240, 6)).astype(np.float32)
CLASSES = np.argmax(X[:, :3], axis=1)
PRUNE = {"kind": "prune", "sparsity": 0.3, "fine_tune": {"epochs": 0}}


def recipe(*stages: dict[str, Any], drop: float = 1.0) -> dict[str, Any]:
    return {
        "schema": 1, "name": "t", "description": "d", "limits": {"max_accuracy_drop": drop},
        "stage": list(stages),
    }  # fmt: skip


def dense(width: int, activation: str | None, weights: Floats) -> Any:
    """A model that knows its task: its first layer passes x on, its second one decides."""
    keras = _tf.keras()
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(6, name="pass", use_bias=False),
            keras.layers.Dense(width, activation=activation, name="out", use_bias=False),
        ]
    )
    noise = np.random.default_rng(0).normal(0, 0.02, (6, 6))
    model.set_weights([(np.eye(6) + noise).astype(np.float32), weights.astype(np.float32)])
    return model


@cache
def classifier() -> Any:
    return dense(3, "softmax", 4.0 * np.eye(6, 3))


def trainer_of(network: Network, x: Floats, y: Floats, **more: Any) -> Trainer:
    data = Data((x,), (y,))
    return Trainer(data, data, tasks_of(network, data), **more)


def test_datasets_generators_and_sequences_are_the_same_data() -> None:
    network = read_network(classifier())
    tf = _tf.tensorflow()

    class Batches(_tf.keras().utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> tuple[Floats, Floats]:
            part = slice(60 * index, 60 * index + 60)
            return X[part], CLASSES[part]

    def batches() -> Iterator[tuple[Floats, Floats]]:
        for start in range(0, 240, 48):
            yield X[start : start + 48], CLASSES[start : start + 48]

    dataset = tf.data.Dataset.from_tensor_slices((X, CLASSES)).batch(50)
    for source in (dataset, batches(), Batches(), [X, CLASSES], {"x": X, "y": CLASSES}):
        data = read_data(source, network)
        np.testing.assert_array_equal(data.inputs[0], X)
        np.testing.assert_array_equal(data.labels[0], CLASSES)
    with pytest.raises(ConfigError, match="a batch is no pair"):
        read_data(iter([X]), network)
    endless = repeat((np.zeros((900_000, 6), np.float32), np.zeros(900_000)))
    with pytest.raises(ConfigError, match="does the generator ever end"):
        read_data(endless, network)


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    network = read_network(classifier())
    (tmp_path / "junk.npz").write_text("no archive")
    np.savez(tmp_path / "whole.npz", x=X, y=CLASSES)
    whole = bytearray((tmp_path / "whole.npz").read_bytes())
    whole[200] ^= 0xFF  # inside x: its checksum no longer matches
    (tmp_path / "cut.npz").write_bytes(whole)
    for name, words in (
        ("none.npz", "no data file at"), ("junk.npz", "is no .npz file"), ("cut.npz", "is damaged"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=f"{name}|{words}") as caught:
            read_data(tmp_path / name, network, what="training data")
        assert words in caught.value.message
    np.testing.assert_array_equal(read_data(tmp_path / "whole.npz", network).inputs[0], X)


BAD = [
    ((np.full((4, 6), "a"), np.zeros(4, int)), "x has dtype <U1; allowed: numbers"),
    ((X[:4], np.array(["a"] * 4)), "y has dtype <U1; allowed: numbers"),
    ((1j * X[:4], CLASSES[:4]), "x has dtype complex64; allowed: numbers"),
    ((X[:4], 3), "y is a single value; allowed: one per sample"),
    (([[1.0, 2.0], [3.0]], CLASSES[:2]), "x is no array"),
    (iter([(X[:4], CLASSES[:4]), (X[:4, :3], CLASSES[:4])]), "batches differ in shape"),
    (iter([(X[:4], CLASSES[:4]), (3.0, 1)]), "a batch holds a single value"),
]


@pytest.mark.parametrize(("source", "words"), BAD, ids=[words for _, words in BAD])
def test_what_is_no_data_is_told(source: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_data(source, read_network(classifier()), what="training data")
    assert f"training data: {words}" in caught.value.message


def test_several_inputs_and_outputs_come_from_one_file(tmp_path: Path) -> None:
    keras = _tf.keras()
    left, right = keras.Input((6,), name="left"), keras.Input((2,), name="right")
    outputs = [keras.layers.Dense(3)(left), keras.layers.Dense(1)(right)]
    network = read_network(keras.Model([left, right], outputs))
    labels = {"y0": CLASSES, "y1": X[:, :1]}
    for names in (("x0", "x1"), ("left", "right")):
        arrays: dict[str, Any] = {names[0]: X, names[1]: X[:, :2], **labels}
        np.savez(tmp_path / "data.npz", **arrays)
        for source in (tmp_path / "data.npz", dict(np.load(tmp_path / "data.npz"))):
            data = read_data(source, network)
            assert [array.shape for array in data.inputs] == [(240, 6), (240, 2)]
            np.testing.assert_array_equal(data.labels[0], CLASSES)
            np.testing.assert_array_equal(data.labels[1], X[:, :1])
    for missing, words in (
        ("right", "it holds left, y0, y1; needed: x0, x1 or left, right"),
        ("y1", "it holds left, right, y0; needed: y0, y1"),
    ):
        given = {"left": X, "right": X[:, :2], **labels}
        del given[missing]
        with pytest.raises(ConfigError, match=words):
            read_data(given, network)


@pytest.mark.parametrize(
    ("activation", "weights", "labels", "kind", "least"),
    [
        ("sigmoid", 6.0 * np.eye(6, 1), (X[:, :1] > 0).astype(int), "binary", 0.95),
        (None, 2.0 * np.eye(6, 1), 2.0 * X[:, 0], "regression", 0.9),
        (None, np.eye(6, 2), X[:, :2], "regression", 0.9),
        ("softmax", 4.0 * np.eye(6, 3), np.eye(3)[CLASSES], "classes", 0.95),
    ],
    ids=["binary", "one number", "two numbers", "one-hot"],
)
def test_every_task_goes_through_a_recipe(
    activation: str | None, weights: Floats, labels: Floats, kind: str, least: float
) -> None:
    model = dense(weights.shape[1], activation, weights)
    assert tasks_of(read_network(model), Data((X,), (labels,)))[0].kind == kind
    rows: list[StageRow] = []
    result = tinycompress.compress(
        model, recipe({"kind": "prune", "sparsity": 0.2, "fine_tune": {"epochs": 1}}), (X, labels),
        val=(X, labels), on_row=rows.append,
    )  # fmt: skip
    assert tuple(rows) == result.rows
    assert result.rows[-1].int8_accuracy > least


def test_several_inputs_and_outputs_go_through_a_recipe() -> None:
    keras = _tf.keras()
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    both = keras.layers.Concatenate(name="both")([left, right])
    which = keras.layers.Dense(3, activation="softmax", name="which", use_bias=False)(both)
    much = keras.layers.Dense(1, name="much", use_bias=False)(both)
    model = keras.Model([left, right], [which, much])
    decide, copy = np.zeros((12, 3), np.float32), np.zeros((12, 1), np.float32)
    decide[:3], copy[6] = 4.0 * np.eye(3), 1.0
    model.set_weights([decide, copy])
    data = ([X, -X], [CLASSES, -X[:, :1]])
    stage = {"kind": "prune", "sparsity": 0.5, "fine_tune": {"epochs": 1}, "distill": {}}
    result = tinycompress.compress(model, recipe(stage), data, val=data)
    assert result.rows[-1].int8_accuracy > 0.9
    assert len(result.model.outputs) == 2
    with pytest.raises(ConfigError, match="1 arrays for 2 outputs"):
        tinycompress.compress(model, recipe(stage), ([X, X], [CLASSES]))


def test_a_student_learns_the_logits_of_its_teacher() -> None:
    teacher = dense(3, None, 3.0 * np.eye(6, 3))
    network = read_network(dense(3, None, np.random.default_rng(3).normal(size=(6, 3))))
    # The labels are wrong on purpose: what is learnt is the teacher's.
    trainer = trainer_of(network, X, np.roll(CLASSES, 1), teacher=teacher)
    tune = FineTune(epochs=30, batch_size=24, learning_rate=1e-2)
    trained = train_network(
        network, trainer, tune, Distill(method="logits", weight=1.0), {}, label="student"
    )
    wanted = np.asarray(teacher(X))
    got = np.asarray(build_model(trained, "tf_keras")(X))
    centred = [values - values.mean(axis=1, keepdims=True) for values in (wanted, got)]
    assert np.mean((centred[0] - centred[1]) ** 2) < 0.02 * np.mean(centred[0] ** 2)


def test_a_teacher_is_needed_and_must_fit() -> None:
    network = read_network(classifier())
    with pytest.raises(ConfigError, match="distill needs a teacher"):
        train_network(
            network, trainer_of(network, X, CLASSES), FineTune(), Distill(), {}, label="t"
        )
    other = dense(2, "softmax", np.eye(6, 2))
    with pytest.raises(ConfigError, match=r"the teacher gives \[\(2,\)\], the model \[\(3,\)\]"):
        tinycompress.compress(classifier(), recipe(PRUNE), (X, CLASSES), teacher=other)


@pytest.mark.parametrize("patience", [1, 40], ids=["stopped", "to the end"])
def test_early_stopping_takes_the_weights_of_the_best_epoch(patience: int) -> None:
    network = read_network(classifier())
    trainer = trainer_of(network, X, CLASSES)
    losses: list[float] = []
    watch = _tf.tf_keras().callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(logs["val_loss"])
    )
    # At this learning rate the loss goes up and down.
    tune = FineTune(epochs=12, optimizer="sgd", learning_rate=0.9, early_stop_epochs=patience)
    model = build_model(network, "tf_keras")
    fine_tune(model, trainer, tune, callbacks=[watch])
    assert (len(losses) < 12) == (patience == 1)
    assert losses[-1] > min(losses)
    assert model.evaluate(X, np.eye(3)[CLASSES], verbose=0) == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize(("patience", "looks"), [(None, 0), (5, 3)], ids=["without", "with"])
def test_only_early_stopping_looks_at_the_validation_data(patience: int | None, looks: int) -> None:
    network = read_network(classifier())
    seen: list[Any] = []
    watch = _tf.tf_keras().callbacks.LambdaCallback()
    watch.on_test_end = seen.append
    tune = FineTune(epochs=3, early_stop_epochs=patience, learning_rate=1e-4)
    trainer = trainer_of(network, X, CLASSES)
    fine_tune(build_model(network, "tf_keras"), trainer, tune, callbacks=[watch])
    assert len(seen) == looks


@pytest.mark.parametrize(("decay", "least", "most"), [("none", 0.5, 2.0), ("cosine", 0.0, 0.05)])
def test_steps_shrink_to_nothing_as_the_learning_rate_falls(
    decay: Literal["none", "cosine"], least: float, most: float
) -> None:
    network = read_network(dense(1, None, np.eye(6, 1)))
    # A target so far away that the gradient stays the same: a step is as long as the rate says.
    trainer = trainer_of(network, X, np.full((len(X), 1), 1e4, np.float32))
    model = build_model(network, "tf_keras")
    weights: list[Floats] = []
    watch = _tf.tf_keras().callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: weights.append(model.get_weights()[0])
    )
    tune = FineTune(epochs=8, batch_size=24, learning_rate=1e-3, decay=decay)
    fine_tune(model, trainer, tune, callbacks=[watch])
    steps = [float(np.abs(after - before).mean()) for before, after in pairwise(weights)]
    assert len(steps) == 79
    assert least <= steps[-1] / steps[0] <= most


def test_a_loss_that_is_nan_ends_the_training_with_advice() -> None:
    network = read_network(dense(1, None, np.eye(6, 1)))
    trainer = trainer_of(network, 1e18 * X, 1e18 * X[:, :1])
    tune = FineTune(epochs=3, optimizer="sgd", learning_rate=1.0)
    with pytest.raises(ConfigError, match=r"the loss is (nan|inf) after epoch \d of 3") as caught:
        fine_tune(build_model(network, "tf_keras"), trainer, tune, label="prune")
    assert caught.value.hint == "lower fine_tune.learning_rate (now 1)"


def test_network_slimming_shrinks_the_gammas_that_it_ranks() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(16, use_bias=False, name="wide"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.ReLU(),
            keras.layers.Dense(3, activation="softmax", name="out"),
        ]
    )
    network = read_network(model)
    trainer = trainer_of(network, X, CLASSES)
    options = PruneChannels(
        ratio=0.5, importance="bn_gamma", slim_epochs=20, gamma_l1=0.1,
        fine_tune=FineTune(epochs=0, batch_size=24, learning_rate=1e-2),
    )  # fmt: skip
    thin = prune_channels(State(network), options, trainer).network
    gammas = np.abs(thin.layers["norm"].weights[0])
    assert gammas.shape == (8,)
    assert gammas.mean() < 0.7  # they start at 1
    assert thin.layers["norm"].config.get("gamma_regularizer") is None


def test_layers_without_batch_normalization_have_no_gamma_to_rank_by() -> None:
    keras = _tf.keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)), layers.Dense(16, name="wide"),
            layers.BatchNormalization(name="norm"), layers.Dense(8, name="plain"),
            layers.Dense(3, activation="softmax", name="out"),
        ]
    )  # fmt: skip
    network = read_network(model)
    trainer = trainer_of(network, X, CLASSES)
    options = PruneChannels(importance="bn_gamma", fine_tune=FineTune(epochs=0))
    done = prune_channels(State(network), options, trainer)
    assert done.network.layers["wide"].weights[0].shape == (6, 8)
    assert done.network.layers["plain"].weights[0].shape == (8, 8)
    words = "there is no BatchNormalization to rank the channels of plain"
    assert f"left whole: {words}" in done.notes
    with pytest.raises(ConfigError, match="no channel can be removed") as caught:
        prune_channels(State(network), options.model_copy(update={"skip": ("wide",)}), trainer)
    assert caught.value.hint == f"{words}; take another importance"


def test_what_only_guesses_is_not_compressed() -> None:
    untrained = dense(3, "softmax", np.random.default_rng(9).normal(size=(6, 3)) * 0 + 0.01)
    with pytest.raises(ConfigError, match=r"only guesses: .* is x \(values from -\d") as caught:
        tinycompress.compress(untrained, recipe(PRUNE), (X, CLASSES), val=(X, CLASSES))
    assert "kind = 'train'" in str(caught.value.hint)
    rare = (np.arange(200) % 20 == 0).astype(np.int64)
    task = Task("classes", 2, from_logits=False)
    never, found = np.eye(2)[np.zeros(200, int)], np.eye(2)[rare]
    assert only_guesses(task, rare, never)
    found[:20] = 1 - found[:20]  # worse than "never" by accuracy, yet it has learnt something
    assert not only_guesses(task, rare, found)
    assert not only_guesses(task, rare[:30], never[:30])
    numbers = Task("regression", 1, from_logits=True)
    assert only_guesses(numbers, X[:, :1], np.zeros((240, 1)))
    assert not only_guesses(numbers, X[:, :1], 0.5 * X[:, :1])


def interrupted_run(directory: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def stop(*args: Any) -> State:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "STAGES", {**run_module.STAGES, "cluster": stop})
        tinycompress.compress(classifier(), recipe(PRUNE, CLUSTER), (X, CLASSES), output=directory)


CLUSTER = {"kind": "cluster", "clusters": 4, "fine_tune": {"epochs": 0}}


def test_ctrl_c_keeps_the_stages_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_run(tmp_path, monkeypatch, KeyboardInterrupt())
    kept = sorted(path.name for path in (tmp_path / "stages").iterdir())
    assert kept == ["00-original", "01-prune"]
    stages: list[str] = []
    result = tinycompress.compress(
        classifier(), recipe(PRUNE, CLUSTER), (X, CLASSES), output=tmp_path,
        progress=lambda stage, done=0, total=0: stages.append(stage),
    )  # fmt: skip
    whole = tinycompress.compress(classifier(), recipe(PRUNE, CLUSTER), (X, CLASSES))
    assert result.tflite == whole.tflite
    report = json.loads((tmp_path / "result" / "report.json").read_text())
    assert {"tensorflow", "keras", "tf_keras", "numpy"} <= set(report["versions"])
    assert report["recipe"]["seed"] == 0


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = _files.write_text

    def full(path: Path, text: str) -> None:
        if path.name == "stage.json" and "01-prune" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, text)

    monkeypatch.setattr("tinycompress.compression.store.write_text", full)
    with pytest.raises(ConfigError, match=r"01-prune: No space left on device"):
        tinycompress.compress(classifier(), recipe(PRUNE), (X, CLASSES), output=tmp_path)
    assert [path.name for path in (tmp_path / "stages").iterdir()] == ["00-original"]
    assert not (tmp_path / "result").exists()


def test_figures_of_another_board_are_taken_anew(tmp_path: Path) -> None:
    network = read_network(classifier())
    asked: list[str] = []

    def on(board: str) -> StageRow:
        def evaluate(tflite: bytes) -> dict[str, int | float]:
            asked.append(board)
            return {"flash_bytes": 1000 * len(board)}

        return run_module.compress(
            build_model(network, "keras"), recipe_of(PRUNE), (X, CLASSES), export=exported,
            evaluate=evaluate, directory=tmp_path,
            options=run_module.RunOptions(measured_on=board),
        ).rows[-1]  # fmt: skip

    assert on("pico").figures == {"flash_bytes": 4000}
    assert on("pico").figures == {"flash_bytes": 4000}
    row = on("nano33")
    assert (row.figures, row.measured_on) == ({"flash_bytes": 6000}, "nano33")
    assert sum(note.startswith("saves nothing") for note in row.notes) == 1
    assert asked == ["pico"] * 2 + ["nano33"] * 2


def test_a_build_that_fails_does_not_cost_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings: list[str] = []
    prune = run_module.STAGES["prune"]

    def counted(*args: Any) -> State:
        trainings.append("prune")
        return prune(*args)

    monkeypatch.setattr(run_module, "STAGES", {**run_module.STAGES, "prune": counted})
    answers: Iterator[int | ToolError] = iter([7, ToolError("no compiler")])

    def evaluate(tflite: bytes) -> dict[str, int | float]:
        answer = next(answers)
        if isinstance(answer, ToolError):
            raise answer
        return {"flash_bytes": answer}

    def run() -> Any:
        return run_module.compress(
            classifier(), recipe_of(PRUNE), (X, CLASSES), export=exported, evaluate=evaluate,
            directory=tmp_path, options=run_module.RunOptions(measured_on="pico"),
        )  # fmt: skip

    with pytest.raises(ToolError, match="no compiler"):
        run()
    answers = iter([5])
    rows = run().rows
    assert trainings == ["prune"]
    assert [row.figures for row in rows] == [{"flash_bytes": 7}, {"flash_bytes": 5}]
    assert not any(note.startswith("saves nothing") for note in rows[1].notes)


def test_labels_of_the_validation_data_must_fit_as_well() -> None:
    with pytest.raises(ConfigError) as caught:
        tinycompress.compress(classifier(), recipe(PRUNE), (X, CLASSES), val=(X, CLASSES + 2))
    assert caught.value.message.startswith("validation data: labels from 2 to 4 do not match")


def recipe_of(*stages: dict[str, Any]) -> Any:
    from tinycompress.compression.recipe import parse_recipe

    return parse_recipe(recipe(*stages))


def exported(model: Any, calibration: tuple[Floats, ...]) -> bytes:
    from tinycompress.conversion import convert_model

    return convert_model(model, {"x": calibration[0]}).tflite


def test_a_target_on_a_board_needs_a_board() -> None:
    stage = {"kind": "prune_channels", "target": "latency", "ratio": 0.3}
    with pytest.raises(ConfigError, match=r"stage\[0\] .* measured on a board, and none is named"):
        tinycompress.compress(classifier(), recipe(stage), (X, CLASSES))
    with pytest.raises(ConfigError, match="budget and ratio exclude each other"):
        tinycompress.compress(classifier(), recipe({**stage, "budget": 9.0}), (X, CLASSES))


@pytest.mark.parametrize("as_json", [True, False])
def test_rows_are_shown_though_the_accuracy_fell_too_far(
    as_json: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    classifier().save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=X, y=CLASSES)
    (tmp_path / "hard.toml").write_text(
        'schema = 1\nname = "hard"\ndescription = "d"\nlimits = { max_accuracy_drop = 0.01 }\n'
        '[[stage]]\nkind = "prune"\nsparsity = 0.9\nfine_tune = { epochs = 0 }\n'
    )
    code = _run(
        ["compress", str(tmp_path / "model.keras"), "--recipe", str(tmp_path / "hard.toml"),
         "--data", str(tmp_path / "data.npz"), "-o", str(tmp_path / "out"),
         *(["--json"] if as_json else [])]
    )  # fmt: skip
    shown = capsys.readouterr()
    assert code == MismatchError.exit_code
    assert "no layer's int8 output diverges" in shown.err
    assert "original: float" in shown.err
    if as_json:
        answer = json.loads(shown.out)
        assert [row["stage"] for row in answer["rows"]] == ["original", "prune"]
        assert "after prune the int8 accuracy" in answer["error"]
    else:
        assert "Stages finished before the run ended" in shown.out
        assert "Distinct int8 weights" in shown.out
