"""A student through a whole recipe: promises on the int8 file, the same bytes again, resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.compression.students import TUNE, student, teach

from tinycompress import _tf

pytestmark = [pytest.mark.tf, pytest.mark.slow]
ATTENTION = {"method": "attention", "pairs": [["branch", "second"]], "outputs": "soft"}
STAGES: list[dict[str, Any]] = [
    {"kind": "train", "distill": ATTENTION},
    {"kind": "prune", "sparsity": 0.5, "distill": {"method": "hints"}},
    {"kind": "cluster", "clusters": 16, "fine_tune": {**TUNE, "learning_rate": 1e-3},
     "distill": {"method": "similarity"}},
    {"kind": "qat", "fine_tune": {**TUNE, "learning_rate": 1e-3}, "distill": ATTENTION},
]  # fmt: skip


def test_promises_hold_on_the_file_of_a_student_that_compares_features(tmp_path: Path) -> None:
    result = teach(*STAGES, directory=tmp_path)
    stages = ["original", "train", "prune", "cluster", "qat"]
    assert [row.stage for row in result.rows] == stages
    first, trained, last = result.rows[0], result.rows[1], result.rows[-1]
    assert trained.parameters < first.parameters
    assert last.int8_accuracy >= 0.8
    facts = {fact.layer: fact for fact in last.kernels}
    assert {"first", "second", "out"} <= set(facts)
    for name in ("first", "second", "out"):
        assert facts[name].zeros >= 0.49 * facts[name].weights
        assert facts[name].distinct_per_channel <= 16
    # Nothing of the teacher, the regressors or the comparison is left in the student.
    names = {layer.name for layer in result.model.layers}
    assert not {name for name in names if "comparing" in name or "teacher" in name}
    assert _tf.keras_of(result.model) == "keras"

    seen: list[str] = []
    resumed = teach(*STAGES, directory=tmp_path, progress=lambda stage, *_: seen.append(stage))
    assert resumed.tflite == result.tflite
    assert "qat" not in seen
    # Another student is another run.
    again = teach(STAGES[0], directory=tmp_path, student=student(4))
    assert again.rows[1].parameters < trained.parameters
    report = json.loads((tmp_path / "result" / "report.json").read_text())
    assert report["rows"][1]["rates"]["parameters"] > 1


def test_a_student_that_ends_in_logits_and_one_in_softmax_learn_from_the_same_teacher() -> None:
    accuracies = [
        teach({"kind": "train", "distill": {}}, student=student(activation=activation))
        .rows[1]
        .float_accuracy
        for activation in (None, "softmax")
    ]
    assert min(accuracies) >= 0.8
    assert accuracies[0] == pytest.approx(accuracies[1], abs=0.05)
