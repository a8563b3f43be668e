"""Searches through the real chain: candidates trained, built for the board, and measured there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from support.common import ROOT

import tinycompress
from tinycompress import _tf
from tinycompress.boards import load_board
from tinycompress.cli.main import _run
from tinycompress.compression.run.recipe import load_recipe
from tinycompress.errors import ConfigError, DoesNotFitError
from tinycompress.search.compression_space import starting_point
from tinycompress.search.evaluation import CompressionEvaluator
from tinycompress.search.goal import goal_of
from tinycompress.search.model_function import templates
from tinycompress.search.running import show
from tinycompress.search.task import InputFile, Task

pytestmark = pytest.mark.tf
SPACE = {
    "epochs": 2, "activations": "int8", "qat": False, "fine_tuning": "last",
    "low_rank.energy": 1.0, "distill.weight": 0.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny trained model, and samples of the digits."""
    convolution = _tf.keras().layers.Conv2D(16, 3, strides=2, activation="relu", name="conv")
    return _trained(tmp_path_factory.mktemp("fit"), [convolution])


@pytest.fixture(scope="module")
def weighty_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose convolutions take the time and whose Dense layer takes the flash."""
    convolution = _tf.keras().layers.Conv2D
    same = {"filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu"}
    layers = [convolution(name="conv", **same), convolution(name="mix", **same)]
    return _trained(tmp_path_factory.mktemp("weighty"), layers)


def _trained(directory: Path, convolutions: list[Any]) -> Path:
    with np.load(ROOT / "examples" / "digits" / "digits.npz") as arrays:
        x, y = arrays["x_train"][:400].astype(np.float32) / 16, arrays["y_train"][:400]
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            *convolutions,
            layers.Flatten(),
            layers.Dense(10, activation="softmax", name="digit"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=20, verbose=0)
    model.save(str(directory / "model.keras"))
    np.savez(directory / "train.npz", x=x, y=y)
    return directory


def _searched(files: Path, output: Path, **more: Any) -> Any:
    told: dict[str, Any] = {
        "data": files / "train.npz", "board": "nano33", "output": output, "space": SPACE,
        "evaluation_samples": 60, "max_accuracy_drop": 0.5, "minimize": "flash", "trials": 3,
    }  # fmt: skip
    model = more.pop("model", files / "model.keras")
    return tinycompress.fit(model, **{**told, **more})


@pytest.mark.slow
def test_a_search_ends_in_firmware_and_goes_on(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[str] = []
    output = tmp_path / "out"
    result = _searched(files, output, say=lines.append)
    assert len(lines) == 3
    assert len(result.summary.rows) == 3
    original = result.summary.prepared.original.figures
    assert result.best.figures["flash_bytes"] <= original["flash_bytes"]
    for place in result.pareto.values():
        assert {path.name for path in place.iterdir()} == {
            "model.keras", "model.tflite", "recipe.toml", "figures.json", "firmware",
        }  # fmt: skip
        assert load_recipe(place / "recipe.toml").seed == 0
        told = json.loads((place / "figures.json").read_text())
        assert told["figures"] == dict(result.summary.rows[told["trial"]].figures)
    assert list(result.firmware.rglob("*.elf"))

    more: list[str] = []
    again = _searched(files, output, trials=4, say=more.append)
    assert [line.split(":")[0] for line in more] == ["3 trials were done before", "trial 3"]
    assert again.summary.rows[:3] == result.summary.rows
    with pytest.raises(ConfigError, match="was made with another board"):
        _searched(files, output, board="pico")

    # A directory that was moved still has its study.
    moved = tmp_path / "moved"
    shutil.move(output, moved)
    assert _run(["fit", "show", str(moved), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["number"] for row in told["rows"]] == [0, 1, 2, 3]
    assert Path(told["page"]).read_text().count("<svg") >= 1


@pytest.mark.slow
def test_the_method_sensitivity_measures_the_layers_and_spreads_the_bits(
    weighty_files: Path, tmp_path: Path
) -> None:
    result = _searched(weighty_files, tmp_path / "out", method="sensitivity", trials=4)
    prepared = result.summary.prepared
    layers = ["conv", "mix", "digit"]
    assert [layer.layer for layer in prepared.sensitivity.layers] == layers
    assert all(layer.hessian_trace is not None for layer in prepared.sensitivity.layers)
    chosen = [
        tuple(row.parameters[f"clusters.{name}"] for name in layers) for row in result.summary.rows
    ]
    assert chosen[0] == (256, 256, 256)
    assert len(set(chosen)) == 4
    plain = result.summary.rows[0].figures["flash_bytes"]
    assert result.best.figures["flash_bytes"] < plain


@pytest.mark.slow
def test_a_budget_below_the_smallest_is_refused_before_anything_is_trained(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    named = [str(files / "model.keras"), "--data", str(files / "train.npz"), "-o", str(output)]
    arguments = ["fit", *named, "--board", "nano33", "--flash", "2K", "--maximize", "accuracy"]
    assert _run(arguments) == 4
    told = " ".join(capsys.readouterr().err.split())
    assert "the smallest of the space takes flash_bytes" in told
    assert "budget 2,048" in told
    assert not output.exists(), "nothing of a search that cannot begin is left"


@pytest.mark.slow
def test_a_model_function_makes_what_is_searched(files: Path, tmp_path: Path) -> None:
    made = tmp_path / "mine.py"
    made.write_text(
        "import keras\n"
        "def make(space):\n"
        "    width = space.int('width', 2, 8)\n"
        "    if width == 5:\n"
        "        raise ValueError('five is right out')\n"
        "    if width == 6:\n"
        "        return 'no model'\n"
        "    x = inputs = keras.Input(space.input_shape)\n"
        "    x = keras.layers.Flatten()(x)\n"
        "    x = keras.layers.Dense(width, activation='relu')(x)\n"
        "    return keras.Model(inputs, keras.layers.Dense(space.classes)(x))\n"
    )
    told = {"model": None, "model_function": f"{made}:make", "max_accuracy_drop": None,
            "min_accuracy": 0.01}  # fmt: skip
    space = {"epochs": 1, "activations": "int8", "qat": False}
    result = _searched(files, tmp_path / "out", space={**space, "width": 4}, trials=1, **told)
    assert result.best.parameters["width"] == 4
    assert "width" in result.summary.to_json()["space"]
    for width, why in ((5, "raised ValueError: five is right out"), (6, "returned str, no Keras")):
        with pytest.raises(ConfigError, match=f"all 2 trials failed; the last: .*{why}"):
            _searched(files, tmp_path / str(width), space={**space, "width": width}, trials=2,
                      **told)  # fmt: skip
    with pytest.raises(DoesNotFitError, match="the nearest is trial 0, not trained"):
        _searched(files, tmp_path / "small", space={**space, "width": 4}, trials=1,
                  **{**told, "flash_bytes": 3000})  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("images", (12, 12, 1), 3), ("keywords", (49, 10, 1), 4), ("imu", (64, 6), 5),
     ("autoencoder", (32,), 0)],
)  # fmt: skip
def test_shipped_model_functions_make_what_the_board_runs(
    name: str, shape: tuple[int, ...], classes: int, tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(40, *shape)).astype(np.float32)
    np.savez(tmp_path / "train.npz", x=x, y=draw.integers(0, classes, 40) if classes else x)
    task = Task(
        data=InputFile.of(tmp_path / "train.npz"),
        board=json.loads(load_board("nano33").model_dump_json(by_alias=True)),
        goal=goal_of(), function=(InputFile.of(templates()[name]), "make"),
    )  # fmt: skip
    evaluator = CompressionEvaluator(task, tmp_path)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    cost = evaluator.cost(evaluator.candidate(study.ask()))
    assert cost.figures["fits"] == 1.0
    assert cost.figures["latency_us"] > 0


def test_every_template_is_listed() -> None:
    assert set(templates()) == {"images", "keywords", "imu", "autoencoder"}


def test_samples_without_labels_are_refused_at_once(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((4, 8, 8, 1), np.float32))
    arguments = ["fit", str(files / "model.keras"), "--data", str(tmp_path / "x.npz"), "--board",
                 "nano33", "-o", str(tmp_path / "out")]  # fmt: skip
    assert _run(arguments) == 2
    assert "lacks labels" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_search_within_a_budget_begins_with_what_just_keeps_it(
    files: Path, tmp_path: Path
) -> None:
    goal = goal_of(latency_us=1e6, maximize="accuracy")
    task = Task(
        model=InputFile.of(files / "model.keras"), data=InputFile.of(files / "train.npz"),
        board=load_board("nano33").model_dump(mode="json", by_alias=True), goal=goal,
        narrowing=SPACE,
    )  # fmt: skip
    evaluator = CompressionEvaluator(task, tmp_path / "whole")
    whole = evaluator.cost(evaluator.of(starting_point(evaluator.dimensions, {})))
    budget = 0.8 * whole.figures["latency_us"]
    lines: list[str] = []
    _searched(
        files, tmp_path / "out", minimize=None, maximize="accuracy", latency_us=budget, trials=1,
        say=lines.append,
    )  # fmt: skip
    (line,) = lines
    assert line.startswith("trial 0: within the budget: ")
    row = show(tmp_path / "out").rows[0]
    assert 4 <= int(row.parameters["channels.conv"]) < 16
    assert 0.5 * budget < row.figures["latency_us"] <= budget
