"""Clusters of the integers that the file holds: kept to the int8 file, with qat and without."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from support.compression.classifier import recipe_of
from support.compression.runs import TUNE, export, run
from support.compression.small_models import trained

from tinycompress.compression.checks.binary_weights import BinaryWeights
from tinycompress.compression.checks.invariants import check_int8
from tinycompress.compression.checks.promises import ClusterPromise, Promises, broken_promises
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.network import Array
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.run.result import CompressionResult
from tinycompress.compression.run.runner import compress
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.cluster import Cluster
from tinycompress.compression.stages.cluster import cluster as run_cluster
from tinycompress.compression.stages.registry import run_stage
from tinycompress.compression.training.options import FineTune
from tinycompress.errors import ConfigError, MismatchError

pytestmark = [pytest.mark.tf, pytest.mark.slow]
SHARED = ("stem", "pw", "branch", "hidden", "out")


def cluster(clusters: int, **more: Any) -> dict[str, Any]:
    return {"kind": "cluster", "clusters": clusters, "shared": True, "fine_tune": TUNE, **more}


@cache
def deep() -> CompressionResult:
    return run(
        {"kind": "prune", "sparsity": 0.5, "fine_tune": TUNE},
        cluster(8),
        {"kind": "train", "fine_tune": TUNE},
        {"kind": "qat", "fine_tune": TUNE},
    )


def test_every_file_after_it_has_so_few_integers_in_a_layer() -> None:
    original, prune, *after = deep().rows
    assert [row.stage for row in after] == ["cluster", "train", "qat"]
    before = {fact.layer: fact for fact in prune.kernels}
    assert max(before[name].distinct for name in SHARED) > 8
    for row in after:
        facts = {fact.layer: fact for fact in row.kernels}
        for name in SHARED:
            assert facts[name].distinct <= 8, (row.stage, name)
            assert facts[name].zeros >= before[name].zeros
        # Its channels are scaled one by one, or together with qat: it is left alone.
        assert facts["dw"].distinct > 8
    assert any("left as they are: dw (DepthwiseConv2D)" in note for note in after[0].notes)
    assert after[-1].int8_accuracy >= 0.9
    assert original.int8_accuracy >= 0.9


def test_training_goes_on_learning_with_shared_integers() -> None:
    hashes = [row.tflite_sha256 for row in deep().rows]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize(("clusters", "values"), [(3, {-127, 0, 127}), (2, {-127, 127})])
def test_ternary_and_binary_weights_learn_the_task(clusters: int, values: set[int]) -> None:
    tune = {"epochs": 4, "batch_size": 64}
    result = run(
        cluster(clusters, fine_tune=tune, skip=["out"]),
        {"kind": "qat", "fine_tune": TUNE},
        drop=1.0,
    )
    for row in result.rows[1:]:
        facts = {fact.layer: fact for fact in row.kernels}
        assert all(facts[name].distinct <= len(values) for name in SHARED if name != "out")
        assert facts["out"].distinct > 3
    assert result.rows[-1].int8_accuracy >= 0.8


@pytest.mark.parametrize(
    "more",
    [{"clusters": 2, "signs": "clipped"}, {"clusters": 2, "signs": "stochastic"},
     {"clusters": 3, "asymmetric": True}],
    ids=str,
)  # fmt: skip
def test_weights_trained_as_papers_do_learn_and_keep_their_values(more: dict[str, Any]) -> None:
    tune = {"epochs": 4, "batch_size": 64, "learning_rate": 3e-3}
    result = run(
        {**cluster(2), **more, "fine_tune": tune, "skip": ["out"]},
        {"kind": "train", "fine_tune": TUNE},
        drop=1.0,
    )
    for row in result.rows[1:]:
        facts = {fact.layer: fact for fact in row.kernels}
        assert all(facts[name].distinct <= more["clusters"] for name in SHARED if name != "out")
    assert result.rows[-1].int8_accuracy >= 0.7


def test_signs_that_are_drawn_have_settled_in_what_early_stopping_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settled: list[Array] = []
    plain = BinaryWeights.settled

    def recorded(self: BinaryWeights) -> Array:
        settled.append(plain(self))
        return settled[-1]

    monkeypatch.setattr(BinaryWeights, "settled", recorded)
    network, trainer = trained()
    tune = {"epochs": 3, "batch_size": 64, "early_stop_epochs": 2}
    stage = {**cluster(2), "signs": "stochastic", "fine_tune": tune, "skip": ["out"]}
    (options,) = recipe_of(stage).steps
    done = run_stage(State(network), options, trainer).network
    for name in (name for name in SHARED if name != "out"):
        kernel = done.layers[name].weights[0]
        assert any(np.array_equal(kernel, one) for one in settled), name


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"clusters": 4, "signs": "clipped"}, "signs = 'clipped' is for shared = true with"),
        ({"clusters": 2, "asymmetric": True}, "asymmetric is for shared = true with clusters = 3"),
        ({"clusters": 3, "threshold": 0.1}, "threshold goes with asymmetric = true"),
        (
            {"clusters": 2, "signs": "clipped", "layer_clusters": {"stem": 4}},
            "layer_clusters goes with neither asymmetric nor signs",
        ),
    ],
)
def test_options_that_do_not_go_together_are_named(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        run({**cluster(2), **more})


def test_a_file_that_breaks_the_promise_is_found() -> None:
    network, trainer = trained()
    folded = fold_batch_norms(network)
    tflite = export(build_model(folded, "tf_keras"), (trainer.train.inputs[0][:100],))
    promised = {"branch": ClusterPromise(8, per_channel=False, shared=True)}
    with pytest.raises(MismatchError, match=r"'branch': \d+ distinct weights in the kernel"):
        check_int8(tflite, folded, Promises({}, promised), stage="cluster")


def test_two_values_have_no_room_for_zeros() -> None:
    with pytest.raises(ConfigError, match="no room for the zeros of prune; set 3 or more"):
        run({"kind": "prune", "fine_tune": TUNE}, cluster(2))


def test_one_codebook_a_layer_is_none_for_every_channel() -> None:
    with pytest.raises(ConfigError, match="leave per_channel out"):
        run(cluster(8, per_channel=True))


def test_a_network_of_depthwise_layers_has_nothing_to_share() -> None:
    with pytest.raises(ConfigError, match="no layer is left to cluster") as caught:
        run(cluster(8, skip=list(SHARED)))
    assert "shared is for Dense, Conv1D, Conv2D" in str(caught.value.hint)


def test_files_with_int16_activations_keep_it_too() -> None:
    convert = {"kind": "convert", "activations": "int16", "calibration_samples": 100}
    network, trainer = trained()
    result = compress(
        build_model(network, "keras"),
        parse_recipe({
            "schema": 1, "name": "t", "description": "d", "limits": {"max_accuracy_drop": 0.1},
            "stage": [cluster(8), convert],
        }),
        (trainer.train.inputs[0], trainer.train.labels[0]),
        export=partial(export, activations="int16"),
    )  # fmt: skip
    facts = {fact.layer: fact for fact in result.rows[-1].kernels}
    assert result.rows[-1].activations == "int16"
    assert all(facts[name].distinct <= 8 for name in SHARED)


def test_layers_have_numbers_of_their_own() -> None:
    network, trainer = trained()
    options = Cluster(
        clusters=8, layer_clusters={"pw": 3, "out": 2}, shared=True, fine_tune=FineTune(epochs=0)
    )
    state = run_cluster(State(network), options, trainer)
    promised = {name: one.clusters for name, one in state.promises.clustered.items()}
    assert promised == {"stem": 8, "pw": 3, "branch": 8, "hidden": 8, "out": 2}
    assert not broken_promises(state.network, state.promises)
    with pytest.raises(ConfigError, match="layer 'pw' has layer_clusters, and is not clustered"):
        run_cluster(State(network), options.model_copy(update={"skip": ("pw",)}), trainer)
