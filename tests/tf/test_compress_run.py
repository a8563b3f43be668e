"""Whole recipes: promises on the int8 file, repeatable bytes, resuming, and honest failures."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.runs import TUNE, export, run
from support.compression.small_models import trained

from tinycompress import _tf
from tinycompress.compression.checks.invariants import check_int8
from tinycompress.compression.checks.promises import ClusterPromise, Promises, SparsePromise
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Network
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.run.result import CompressionResult
from tinycompress.compression.run.runner import compress
from tinycompress.errors import ConfigError, MismatchError

pytestmark = [pytest.mark.tf, pytest.mark.slow]
KERNELS = ("stem", "pw", "branch", "hidden", "out")


@cache
def pcqat() -> CompressionResult:
    return run(
        {"kind": "prune", "sparsity": 0.5, "fine_tune": TUNE},
        {"kind": "cluster", "clusters": 16, "fine_tune": TUNE},
        {"kind": "qat", "fine_tune": TUNE, "distill": {"temperature": 2.0}},
        evaluate=lambda tflite: {"flash_bytes": len(tflite)},
    )


def test_zeros_and_clusters_survive_to_the_int8_file() -> None:
    result = pcqat()
    last = result.rows[-1]
    assert [row.stage for row in result.rows] == ["original", "prune", "cluster", "qat"]
    facts = {fact.layer: fact for fact in last.kernels}
    for name in KERNELS:
        assert facts[name].zeros >= 0.49 * facts[name].weights
        assert facts[name].distinct_per_channel <= 16
    # Depthwise too, which TF-MOT leaves out.
    assert facts["dw"].distinct_per_channel <= 16
    assert last.int8_accuracy >= 0.9
    assert last.figures["flash_bytes"] == last.tflite_bytes == len(result.tflite)
    assert any("saves nothing on the device" in note for note in result.rows[1].notes)


def test_ranges_of_the_export_come_from_data() -> None:
    # TF-MOT starts all ranges at [-6, 6], a step of 0.047, and leaves them nearly there.
    from tinycompress.ir.reader import read_model

    graph = read_model(pcqat().tflite).main
    steps = {
        round(quantization.scale, 4)
        for op in graph.ops
        for index in op.outputs
        if (quantization := graph.tensors[index].quantization) is not None
    }
    assert len(steps) > 4
    assert sum(0.045 < step < 0.048 for step in steps) <= 1


def test_result_is_of_the_users_keras_and_infers() -> None:
    result = pcqat()
    assert _tf.keras_of(result.model) == "keras"
    _, trainer = trained()
    assert trainer.accuracy(result.model) == pytest.approx(result.rows[-1].float_accuracy, abs=0.02)


def test_same_bytes_again_and_resume_from_the_last_finished_stage(tmp_path: Path) -> None:
    stages: list[dict[str, Any]] = [
        {"kind": "prune_channels", "ratio": 0.25, "fine_tune": TUNE},
        {"kind": "prune", "sparsity": 0.6, "schedule": "constant", "fine_tune": TUNE},
    ]
    first = run(*stages, directory=tmp_path)
    again = run(*stages)
    assert first.tflite == again.tflite
    report = json.loads((tmp_path / "result" / "report.json").read_text())
    assert report["rows"][2]["tflite_sha256"] == first.rows[2].tflite_sha256
    assert (tmp_path / "result" / "model.tflite").read_bytes() == first.tflite

    seen: list[str] = []
    (tmp_path / "stages" / "02-prune" / "model.tflite").write_bytes(b"cut short")
    resumed = run(*stages, directory=tmp_path, progress=lambda stage, *_: seen.append(stage))
    assert resumed.tflite == first.tflite
    assert "prune round 1" in seen
    assert "prune_channels" not in seen


def test_accuracy_limit_ends_the_run_but_keeps_the_stages(tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match="after prune the int8 accuracy is"):
        run(
            {"kind": "prune", "sparsity": 0.97, "fine_tune": {"epochs": 0}},
            drop=0.01,
            directory=tmp_path,
        )
    assert (tmp_path / "stages" / "01-prune" / "model.tflite").is_file()
    assert not (tmp_path / "result").exists()


def test_broken_promises_are_found_in_the_int8_file() -> None:
    network, trainer = trained()
    from tinycompress.compression.network.fold import fold_batch_norms

    folded: Network = fold_batch_norms(network)
    tflite = export(build_model(folded, "tf_keras"), (trainer.train.inputs[0][:100],))
    assert len(check_int8(tflite, folded, Promises(), stage="none")) == 6
    lies = Promises(
        {"branch": SparsePromise(0.5)},
        {"hidden": ClusterPromise(4, per_channel=False)},
    )
    with pytest.raises(MismatchError) as caught:
        check_int8(tflite, folded, lies, stage="prune")
    assert "layer 'branch': sparsity 0.0" in str(caught.value)
    assert "layer 'hidden':" in str(caught.value)
    assert "distinct weights in the kernel, promised at most 4" in str(caught.value)


def test_data_that_do_not_fit_are_refused() -> None:
    network, trainer = trained()
    model = build_model(network, "keras")
    recipe = parse_recipe(
        {"schema": 1, "name": "t", "description": "d", "stage": [{"kind": "prune"}]}
    )
    x, y = trainer.train.inputs[0], trainer.train.labels[0]
    holed = x.copy()
    holed[7, 0, 0] = np.nan
    for data, words in (
        ((x[:, :5], y), r"have shape \(5, 12, 1\), the model takes \(12, 12, 1\)"),
        ((x, y + 1), "labels from 1 to 4 do not match the model's output of 4 classes"),
        ((holed, y), "sample 7 holds NaN"),
        ((x[:9], y), "differ in length"),
        (iter(list[object]()), "no samples"),
    ):
        with pytest.raises(ConfigError, match=words):
            compress(model, recipe, data, export=export)
