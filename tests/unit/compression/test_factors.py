"""Factors of kernels, without a model: ranks with known answers, and chains that multiply back."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from support.common import missing

from tinycompress.compression.factors.cp import cp, largest_rank
from tinycompress.compression.factors.ranks import Wish, vbmf_rank
from tinycompress.compression.factors.registry import FACTORISATIONS
from tinycompress.compression.factors.spatial import spatial
from tinycompress.compression.factors.tucker import tucker
from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.errors import ConfigError

RNG = np.random.default_rng(0)


def tensorly() -> None:
    try:
        import tensorly.decomposition  # noqa: F401
    except ImportError:
        missing("TensorLy")


def network(kernel: Any, **config: Any) -> Network:
    """One convolution of 9 x 9 positions."""
    size, outputs = kernel.shape[:2], kernel.shape[3]
    given = {"filters": outputs, "kernel_size": size, "padding": "same", **config}
    layer = Layer("conv", "Conv2D", given, (kernel, np.zeros(outputs, np.float32)))
    source = Input("x", (9, 9, kernel.shape[2]), 0)
    return Network("m", (source,), {"conv": layer}, (Call("conv", (0,), 1, (9, 9, outputs)),), (1,))


def kernels(found: Any) -> list[Any]:
    return [layer.weights[0] for layer, _ in found.chain]


@pytest.mark.parametrize("shape", [(60, 90), (90, 60), (40, 400)])
def test_what_stands_out_of_noise_is_counted(shape: tuple[int, int]) -> None:
    low = RNG.normal(size=(shape[0], 5)) @ RNG.normal(size=(5, shape[1]))
    for noise in (0.05, 0.5):
        values = np.linalg.svd(low + noise * RNG.normal(size=shape), compute_uv=False)
        assert vbmf_rank(values, shape) == 5
    values = np.linalg.svd(RNG.normal(size=shape), compute_uv=False)
    assert vbmf_rank(values, shape) == 0
    assert Wish(vbmf=True).rank(RNG.normal(size=shape)) == 1


def test_ranks_by_energy_and_by_share() -> None:
    matrix = np.diag([3.0, 2.0, 1.0])
    assert [Wish(energy=e).rank(matrix) for e in (0.6, 0.65, 0.95)] == [1, 2, 3]
    assert [Wish(ratio=r).rank(matrix) for r in (0.1, 0.5, 0.9)] == [1, 2, 3]
    assert Wish(energy=0.9).rank(np.zeros((3, 3))) == 1


def test_a_column_and_a_row_multiply_back() -> None:
    kernel = np.einsum("hir,rwo->hwio", RNG.normal(size=(3, 4, 2)), RNG.normal(size=(2, 5, 6)))
    made = network(kernel.astype(np.float32), strides=(2, 1))
    found = spatial(made, made.calls[0], Wish(energy=0.999999))
    column, row = kernels(found)
    assert column.shape == (3, 1, 4, 2)
    assert row.shape == (1, 5, 2, 6)
    np.testing.assert_allclose(np.einsum("hir,wro->hwio", column[:, 0], row[0]), kernel, atol=1e-4)
    (first, _), (last, _) = found.chain
    assert (first.config["strides"], last.config["strides"]) == ((2, 1), (1, 1))
    assert (first.name, last.name) == ("conv_column", "conv")
    assert last.weights[1] is made.layers["conv"].weights[1]


def test_tucker_multiplies_back() -> None:
    tensorly()
    core = RNG.normal(size=(3, 3, 2, 3))
    kernel = np.einsum("hwab,ia,ob->hwio", core, RNG.normal(size=(8, 2)), RNG.normal(size=(6, 3)))
    made = network(kernel.astype(np.float32), strides=2, dilation_rate=1)
    found = tucker(made, made.calls[0], Wish(energy=0.999999))
    into, middle, out = kernels(found)
    assert middle.shape == (3, 3, 2, 3)
    fitted = np.einsum("ia,hwab,bo->hwio", into[0, 0], middle, out[0, 0])
    np.testing.assert_allclose(fitted, kernel, atol=1e-4)
    assert found.chain[1][0].config["strides"] == 2
    assert found.chain[2][0].config["strides"] == 1
    assert "activation" not in found.chain[2][0].config  # the layer's own, whatever it is


def test_cp_multiplies_back_and_finds_the_rank() -> None:
    tensorly()
    parts = [RNG.normal(size=(size, 3)) for size in (9, 8, 6)]
    kernel = np.einsum("wr,ir,or->wio", *parts).reshape(3, 3, 8, 6).astype(np.float32)
    made = network(kernel)
    found = cp(made, made.calls[0], Wish(energy=0.9999))
    into, windows, out = kernels(found)
    assert windows.shape == (3, 3, 3, 1)
    fitted = np.einsum("ir,hwr,ro->hwio", into[0, 0], windows[..., 0], out[0, 0])
    np.testing.assert_allclose(fitted, kernel, atol=0.05 * np.abs(kernel).max())
    assert found.chain[1][0].kind == "DepthwiseConv2D"
    assert largest_rank(kernel.reshape(9, 8, 6)) == 432 // 23


def test_each_is_for_its_layers() -> None:
    def taken(layer: Layer) -> set[str]:
        return {name for name, one in FACTORISATIONS.items() if one.takes(layer)}

    def conv(*shape: int, **config: Any) -> Layer:
        return Layer("c", "Conv2D", config, (np.zeros(shape, np.float32),))

    assert taken(conv(1, 1, 4, 4)) == {"svd"}
    assert taken(conv(3, 3, 4, 4)) == {"tucker", "cp", "spatial"}
    assert taken(conv(3, 1, 4, 4)) == {"tucker", "cp"}
    assert taken(conv(3, 3, 2, 4, groups=2)) == set()
    assert taken(Layer("d", "Dense", {}, (np.zeros((4, 4), np.float32),))) == {"svd"}
    assert taken(Layer("d", "DepthwiseConv2D", {}, (np.zeros((3, 3, 4, 1)),))) == set()


def test_without_tensorly_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorly.decomposition", None)
    made = network(RNG.normal(size=(3, 3, 4, 4)).astype(np.float32))
    with pytest.raises(ConfigError, match="TensorLy") as caught:
        tucker(made, made.calls[0], Wish(energy=0.9))
    assert 'tinycompress-mcu[factors]"' in str(caught.value.hint)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vbmf": True, "energy": 0.5}, "energy and vbmf exclude each other"),
        ({"method": "svb"}, "method"),
        ({"keep": "ram"}, "keep"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], words: str) -> None:
    stage = {"kind": "low_rank", **options}
    with pytest.raises(ConfigError, match=words):
        parse_recipe({"schema": 1, "name": "t", "description": "d", "stage": [stage]})
