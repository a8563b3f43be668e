"""``inspect --weights``: what encodings save before any build, and what would help further."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.cases.conv import ConvCase, add_conv
from support.cases.dead_channels import Net
from support.cases.encoded import EncodedCase, add_encoded
from support.cases.encoded_conv import AroundZero, FewValues
from support.cases.kernels import KernelCases

from tinycompress.cli.main import _run
from tinycompress.codegen.weights.further import FURTHER, clustered, pruned

_RELU: dict[str, Any] = {"activation": "RELU", "out_zero": -128, "gain": 0.004}
_NAMES = ["16 values", "32 values", "50 % zeros", "80 % zeros", "90 % zeros"]


def _answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    assert _run([str(each) for each in ("inspect", *arguments, "--weights", "--json")]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def _file(cases: KernelCases, path: Path) -> Path:
    path.write_bytes(cases.tflite())
    return path


def test_it_is_what_build_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = FewValues(94)
    for case in (ConvCase(3, 3, 64, 64, (1, 1), **_RELU), ConvCase(3, 3, 32, 64, **_RELU)):
        add_conv(cases, case)
    model = _file(cases, tmp_path / "few.tflite")
    answer = _answer(capsys, model, "--board", "nano33")
    assert (answer["board"], answer["cost_unit"]) == ("arduino_nano_33_ble", "cycles")
    assert answer["int8_bytes"] == 64 * 64 + 9 * 32 * 64
    command = ["-q", "build", str(model), "-b", "nano33", "--flash-budget", "23000"]
    _run([*command, "-o", str(tmp_path / "p"), "--json"])
    made = json.loads(capsys.readouterr().out)
    assert "error" not in made
    for weighed, built in zip(answer["layers"], made["layers"], strict=True):
        # A build may take a faster encoding that is larger, never a smaller one.
        assert built["weights"]["encoded_bytes"] >= weighed["encoded_bytes"]
        assert weighed["more_cost"] > 0
        assert weighed["code_bytes"]
        assert 8 * weighed["encoded_bytes"] == pytest.approx(
            weighed["bits_per_weight"] * weighed["int8_bytes"], rel=0.01
        )


def test_further_weights_are_made_and_encoded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = AroundZero(3)
    add_conv(cases, ConvCase(3, 3, 64, 64, (1, 1), **_RELU))
    (layer,) = _answer(capsys, _file(cases, tmp_path / "around.tflite"))["layers"]
    further = layer["further_bytes"]
    assert list(further) == _NAMES
    assert layer["encoded_bytes"] > further["32 values"] > further["16 values"]
    assert layer["encoded_bytes"] > further["50 % zeros"] > further["80 % zeros"]
    assert further["80 % zeros"] > further["90 % zeros"]
    # Four bits a weight and the codebook.
    assert further["16 values"] <= layer["int8_bytes"] / 2 + 32


def test_dense_layers_and_what_has_no_decoder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = KernelCases(5)
    add_encoded(cases, EncodedCase(784, 100, 0.95, 14, activation="RELU", out_zero=-128))
    (dense,) = _answer(capsys, _file(cases, tmp_path / "dense.tflite"), "-b", "pico")["layers"]
    assert dense["encoding"] == "gap_tokens"
    assert dense["zero_share"] == pytest.approx(0.95, abs=0.01)
    assert dense["distinct_values"] == 15
    plain = KernelCases(6)
    add_conv(plain, ConvCase(3, 3, 16, 12, (1, 1), **_RELU))
    model = _file(plain, tmp_path / "plain.tflite")
    (layer,) = _answer(capsys, model, "-b", "pico")["layers"]
    assert layer["encoding"] is None
    assert layer["encoded_bytes"] == layer["int8_bytes"] == 192
    assert set(layer["further_bytes"].values()) == {192}, (
        "Thumb-1 kernels for tiles take eight channels at a time"
    )


def test_people_see_tables_and_what_they_are_worth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = Net(3)
    y = net.conv(net.conv(net.x, 12, dict.fromkeys((0, 5, 7, 11), -128)), 5)
    path = tmp_path / "dead.tflite"
    path.write_bytes(net.builder.pack([net.x], [y]))
    assert _run(["inspect", str(path), "--weights"]) == 0
    said = capsys.readouterr().out
    for words in (
        "smallest encoding",
        *_NAMES,
        "nothing is said of accuracy",
        "Removed 4 channels",
    ):
        assert words in said
    assert "cycles" not in said
    assert _answer(capsys, path)["simplification"]["removed_channels"] == 4


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--compare", "f.keras", "--data", "d.npz"), "exclude each other"),
        (("-b", "no_such_board"), "no_such_board"),
    ],
)
def test_what_does_not_go_together(
    more: tuple[str, ...], words: str, examples_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = examples_dir / "digits" / "digits_int8.tflite"
    assert _run(["inspect", str(model), "--weights", *more]) == 2
    assert words in capsys.readouterr().err


def test_a_keras_model_is_converted_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.keras").write_bytes(b"PK")
    assert _run(["inspect", str(tmp_path / "m.keras"), "--weights"]) == 2
    assert "tinycompress convert" in capsys.readouterr().err


def test_pruning_takes_the_smallest_magnitudes() -> None:
    weights = np.array([[-128, 3, -1, 7], [2, 0, -5, 127]], np.int8)
    assert pruned(weights, 0.5).tolist() == [[-128, 0, 0, 7], [0, 0, -5, 127]]
    assert (pruned(weights, 1.0) == 0).all()


def test_clustering_leaves_so_many_values_near_what_was() -> None:
    rng = np.random.default_rng(1)
    weights = np.clip(rng.normal(0, 30, (40, 50)).round(), -127, 127).astype(np.int8)
    for count, error in ((16, 5), (32, 2.5)):
        found = clustered(weights, count)
        assert np.unique(found).size <= count
        assert np.abs(found.astype(int) - weights).mean() < error
        assert (found[weights == 0] == 0).all()
    few = np.array([[1, 2, -128]], np.int8)
    assert clustered(few, 16) is few


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("value", [-128, 0, 127])
def test_weights_of_one_value(name: str, value: int) -> None:
    found = FURTHER[name](np.full((3, 5), value, np.int8))
    assert found.dtype == np.int8
    assert set(np.unique(found)) <= {0, value}
