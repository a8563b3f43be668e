"""`inspect --sensitivity`: what goes with it and what does not, before TensorFlow starts."""

from __future__ import annotations

import pytest

from tinycompress.cli.main import _run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["m.keras", "--sensitivity"], "--sensitivity needs samples: --data samples.npz"),
        (
            ["m.keras", "--sensitivity", "--weights", "--data", "x.npz"],
            "--sensitivity and --weights exclude each other",
        ),
        (
            ["m.keras", "--sensitivity", "--compare", "f.keras", "--data", "x.npz"],
            "--sensitivity and --compare exclude each other",
        ),
        (["a.keras", "b.keras", "--sensitivity"], "with --compare FLOAT"),
        (["m.keras", "-o", "out"], "-o is for --sensitivity"),
        (["m.keras", "--data", "x.npz"], "--data is for --compare FLOAT and --sensitivity"),
        (
            ["m.keras", "--sensitivity", "--data", "x.npz", "--board", "nano33"],
            "--sensitivity needs no board",
        ),
    ],
)
def test_mixtures_are_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["inspect", *arguments]) == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_tflite_is_no_keras_model(
    capsys: pytest.CaptureFixture[str], examples_dir: object
) -> None:
    model = f"{examples_dir}/digits/digits_int8.tflite"
    data = f"{examples_dir}/digits/digits.npz"
    assert _run(["inspect", model, "--sensitivity", "--data", data]) == 2
    assert "is a tflite model" in capsys.readouterr().err
