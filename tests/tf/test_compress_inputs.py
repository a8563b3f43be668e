"""Tasks of all kinds through a recipe, and models and data that do not go together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.compression.classifier import CLASSES, PRUNE, Floats, X, classifier, dense, recipe

import tinycompress
from tinycompress import _tf
from tinycompress.cli.main import _run
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, only_guesses, tasks_of
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.result import StageRow
from tinycompress.errors import ConfigError, MismatchError

pytestmark = pytest.mark.tf


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
    assert "original: accuracy: float" in shown.err
    if as_json:
        answer = json.loads(shown.out)
        assert [row["stage"] for row in answer["rows"]] == ["original", "prune"]
        assert "after prune the int8 accuracy" in answer["error"]["message"]
    else:
        assert "Stages finished before the run ended" in shown.out
        assert "Distinct int8 weights" in shown.out
