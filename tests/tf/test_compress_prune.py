"""Stage prune: what is asked for is reached, by every way of asking."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.compression.runs import export
from support.compression.small_models import NO_TRAINING, SHORT, accuracy, trained

from tinycompress.compression.checks.invariants import check_int8
from tinycompress.compression.checks.promises import Promises, broken_promises, has_m_by_n
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.kernels import sparsity, with_kernel
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.prune import Prune, prune
from tinycompress.compression.training.options import Distill, FineTune
from tinycompress.errors import ConfigError, MismatchError

pytestmark = pytest.mark.tf
PRUNED = ("stem", "pw", "branch", "hidden", "out")


def test_one_short_epoch_of_constant_sparsity_prunes() -> None:
    # TF-MOT's own ConstantSparsity(0.5, 0) prunes nothing in these 19 steps.
    network, trainer = trained()
    state = prune(
        State(network), Prune(sparsity=0.5, schedule="constant", fine_tune=SHORT), trainer
    )
    for name in PRUNED:
        assert sparsity(state.network.layers[name].weights[0]) == pytest.approx(0.5, abs=0.01)
    assert not broken_promises(state.network, state.promises)
    assert accuracy(state.network, trainer) > 0.9


def test_polynomial_sparsity_in_rounds_with_a_teacher() -> None:
    network, trainer = trained()
    options = Prune(
        sparsity=0.75, rounds=2, fine_tune=FineTune(epochs=2, batch_size=32, learning_rate=3e-3),
        distill=Distill(temperature=2.0),
    )  # fmt: skip
    state = prune(State(network), options, trainer)
    for name in PRUNED:
        assert sparsity(state.network.layers[name].weights[0]) == pytest.approx(0.75, abs=0.01)
    untrained = options.model_copy(update={"fine_tune": NO_TRAINING})
    cut = prune(State(network), untrained, trainer)
    assert accuracy(state.network, trainer) > accuracy(cut.network, trainer)
    assert any("left dense: dw" in note for note in state.notes)


def test_without_training_the_largest_weights_stay() -> None:
    network, trainer = trained()
    state = prune(State(network), Prune(sparsity=0.6, fine_tune=NO_TRAINING), trainer)
    before, after = (n.layers["branch"].weights[0] for n in (network, state.network))
    kept = after != 0
    np.testing.assert_array_equal(before[kept], after[kept])
    assert np.abs(before[kept]).min() >= np.abs(before[~kept]).max()


def test_layers_have_targets_of_their_own() -> None:
    network, trainer = trained()
    options = Prune(sparsity=0.5, layer_sparsity={"stem": 0.25, "hidden": 0.8}, fine_tune=SHORT)
    state = prune(State(network), options, trainer)
    for name, share in (("stem", 0.25), ("hidden", 0.8), ("pw", 0.5), ("out", 0.5)):
        assert sparsity(state.network.layers[name].weights[0]) == pytest.approx(share, abs=0.02)
    assert not broken_promises(state.network, state.promises)
    skipped = options.model_copy(update={"skip": ("stem",)})
    with pytest.raises(ConfigError, match="layer 'stem' has a layer_sparsity, and is not pruned"):
        prune(State(network), skipped, trainer)
    with pytest.raises(ValueError, match="layer_sparsity goes with neither"):
        Prune(scope="global", layer_sparsity={"stem": 0.5})


def test_global_target_is_met_over_all_layers() -> None:
    network, trainer = trained()
    options = Prune(sparsity=0.8, scope="global", fine_tune=SHORT)
    state = prune(State(network), options, trainer)
    kernels = [state.network.layers[name].weights[0] for name in PRUNED]
    zeros = sum(int(np.sum(kernel == 0)) for kernel in kernels)
    assert zeros / sum(kernel.size for kernel in kernels) == pytest.approx(0.8, abs=0.005)
    shares = [sparsity(kernel) for kernel in kernels]
    assert max(shares) - min(shares) > 0.1
    assert max(shares) < 1.0


def test_global_target_that_empties_a_layer_names_the_nearest() -> None:
    network, trainer = trained()
    with pytest.raises(ConfigError, match=r"the most for this model is 0\.9"):
        prune(State(network), Prune(sparsity=0.999, scope="global", fine_tune=SHORT), trainer)


@pytest.mark.parametrize("tune", [NO_TRAINING, SHORT], ids=["one-shot", "trained"])
def test_two_of_four(tune: FineTune) -> None:
    network, trainer = trained()
    state = prune(State(network), Prune(m_by_n=(2, 4), skip=("stem",), fine_tune=tune), trainer)
    for name in ("pw", "branch", "hidden"):
        kernel = state.network.layers[name].weights[0]
        assert has_m_by_n(kernel, (2, 4))
        assert sparsity(kernel) == pytest.approx(0.5, abs=0.01)
    assert sparsity(state.network.layers["stem"].weights[0]) == 0.0
    assert not broken_promises(state.network, state.promises)


def test_blocks_of_dense() -> None:
    network, trainer = trained()
    options = Prune(sparsity=0.5, block_size=(4, 1), skip_types=("Conv2D",), fine_tune=SHORT)
    state = prune(State(network), options, trainer)
    kernel = state.network.layers["hidden"].weights[0]
    blocks = (kernel != 0).reshape(kernel.shape[0] // 4, 4, -1)
    assert np.all(blocks.all(axis=1) | ~blocks.any(axis=1))
    assert sparsity(kernel) == pytest.approx(0.5, abs=0.01)
    assert not broken_promises(state.network, state.promises)
    assert Promises.from_json(state.promises.to_json()) == state.promises
    # As many zeros elsewhere do not keep it.
    moved = np.roll(kernel.reshape(-1), 1).reshape(kernel.shape)
    layer = with_kernel(state.network.layers["hidden"], moved)
    (problem,) = broken_promises(state.network.with_layers([layer]), state.promises)
    assert problem.startswith("layer 'hidden': sparsity in 4x1 blocks ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Prune(m_by_n=(2, 4), skip=("stem",), fine_tune=NO_TRAINING), "the pattern (2, 4)"),
        (
            Prune(block_size=(4, 2), skip_types=("Conv2D",), fine_tune=NO_TRAINING),
            "sparsity in 4x2 blocks",
        ),
    ],
    ids=["m_by_n", "blocks"],
)
def test_the_file_is_held_to_the_shape_that_was_promised(options: Prune, words: str) -> None:
    network, trainer = trained()
    state = prune(State(fold_batch_norms(network)), options, trainer)
    calibration = (trainer.train.inputs[0][:100],)
    kept = export(build_model(state.network, "tf_keras"), calibration)
    check_int8(kept, state.network, state.promises, stage="prune")
    layer = state.network.layers["hidden"]
    places = np.random.default_rng(0).permutation(layer.weights[0].size)
    mixed = layer.weights[0].reshape(-1)[places].reshape(layer.weights[0].shape)
    broken = state.network.with_layers([with_kernel(layer, mixed)])
    tflite = export(build_model(broken, "tf_keras"), calibration)
    with pytest.raises(MismatchError, match=re.escape(words)):
        check_int8(tflite, broken, state.promises, stage="prune")


def test_blocks_of_convolutions_are_refused_by_name() -> None:
    network, trainer = trained()
    with pytest.raises(ConfigError, match=r"'stem' \(Conv2D\): blocks are for Dense only"):
        prune(State(network), Prune(block_size=(4, 1)), trainer)


def test_nothing_left_to_prune_is_refused() -> None:
    network, trainer = trained()
    with pytest.raises(ConfigError, match="no layer is left"):
        prune(State(network), Prune(skip_types=("Conv2D", "Dense")), trainer)


def test_second_pruning_keeps_the_first() -> None:
    network, trainer = trained()
    first = prune(State(network), Prune(sparsity=0.5, fine_tune=NO_TRAINING), trainer)
    second = prune(first, Prune(sparsity=0.7, fine_tune=SHORT), trainer)
    for name in PRUNED:
        old, new = (s.network.layers[name].weights[0] for s in (first, second))
        assert not np.any(new[old == 0])
        assert sparsity(new) == pytest.approx(0.7, abs=0.01)
