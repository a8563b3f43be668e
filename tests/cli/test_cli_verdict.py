"""One verdict: what `build` refuses, `inspect` refuses in the same words; what none can check."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from support.cases.kernels import options
from support.models.island_files import mish
from support.models.tflite_files import Builder

from tinycompress.cli.answers.common import conversion_lines
from tinycompress.cli.main import _run
from tinycompress.conversion import convert_model
from tinycompress.ir.reader import read_model
from tinycompress.ir.summary import summarise

Run = Callable[..., tuple[int, dict[str, object]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> tuple[int, dict[str, object]]:
        code = _run([*map(str, arguments), "--json"])
        answer = json.loads(capsys.readouterr().out)
        assert isinstance(answer, dict)
        return code, answer

    return call


def write(path: Path, builder: Builder, inputs: list[int], outputs: list[int]) -> Path:
    path.write_bytes(builder.pack(inputs, outputs))
    return path


def legacy(path: Path, layers: int = 5) -> Path:
    """A chain of operators on uint8, of which none is supported."""
    b = Builder()
    chain = [b.tensor([1, 4], "UINT8", name=f"t{i}", scales=[0.5]) for i in range(layers + 1)]
    for before, after in pairwise(chain):
        b.op("RELU", [before], [after])
    return write(path, b, chain[:1], chain[-1:])


def cast(path: Path) -> Path:
    """CAST gives a float32 output, which the AOT engine does on the device."""
    b = Builder()
    x, y = b.tensor([1, 4], name="x", scales=[0.5]), b.tensor([1, 4], name="y", scales=[0.5])
    z = b.tensor([1, 4], "FLOAT32", name="z")
    b.op("RELU", [x], [y])
    b.op("CAST", [y], [z])
    return write(path, b, [x], [z])


def beyond_litert(path: Path) -> Path:
    """An operator of a version that LiteRT does not know and TFLM does not look at."""
    b = Builder()
    x, y = (b.tensor([1, 4], name=n, scales=[0.5], zero_points=[0]) for n in ("x", "y"))
    b.op("RELU", [x], [y])
    b.model.operatorCodes[0].version = 99
    return write(path, b, [x], [y])


def custom(path: Path, code: str) -> Path:
    b = Builder()
    x, y = (b.tensor([1, 4], name=n, scales=[0.5], zero_points=[0]) for n in ("x", "y"))
    b.op("CUSTOM", [x], [y], custom_code=code)
    return write(path, b, [x], [y])


@pytest.mark.parametrize("engine", ["aot", "tflm"])
def test_inspect_refuses_what_build_refuses(run: Run, tmp_path: Path, engine: str) -> None:
    model = legacy(tmp_path / "legacy.tflite")
    code, built = run("build", model, "--board", "nano33", "--engine", engine, "-o", tmp_path / "p")
    assert code == 3
    _, seen = run("inspect", model, "--board", "nano33")
    verdict = seen[engine]
    assert isinstance(verdict, dict)
    assert isinstance(built["error"], dict)
    assert verdict["refused"] == built["error"]["details"]["reasons"] != []
    assert not (tmp_path / "p").exists()


def test_many_operators_with_one_reason_are_one_line(run: Run, tmp_path: Path) -> None:
    model = legacy(tmp_path / "legacy.tflite")
    _, answer = run("build", model, "--board", "nano33")
    assert isinstance(answer["error"], dict)
    reasons = answer["error"]["details"]["reasons"]
    assert "5 operators, from op 0 RELU 't1' to op 4 RELU 't5': legacy uint8" in reasons[-1]
    assert "convert the Keras model itself" in answer["error"]["hint"]


def test_build_takes_what_inspect_gives_an_arena_for(run: Run, tmp_path: Path) -> None:
    model = cast(tmp_path / "cast.tflite")
    _, seen = run("inspect", model, "--board", "nano33")
    aot = seen["aot"]
    assert isinstance(aot, dict)
    assert aot["refused"] == []
    code, built = run("build", model, "--board", "nano33", "-o", tmp_path / "p")
    assert code == 0, built
    assert isinstance(built["ram"], dict)
    assert built["ram"]["arena_bytes"] == aot["arena_bytes"]


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("ethos-u", "use the original .tflite, which Vela was given"),
        ("edgetpu-custom-op", "use the original .tflite, which the Edge TPU compiler was given"),
        ("Unheard", "replace the layers"),
        ("FlexErf", "export GELU by tanh"),
        ("FlexRoll", "replace the layer that it comes from"),
    ],
)
@pytest.mark.parametrize("engine", ["aot", "tflm"])
def test_custom_operators(run: Run, tmp_path: Path, code: str, hint: str, engine: str) -> None:
    model = custom(tmp_path / "custom.tflite", code)
    ended, answer = run("build", model, "--board", "nano33", "--engine", engine)
    assert ended == 3
    assert isinstance(answer["error"], dict)
    assert hint in answer["error"]["hint"]
    assert f"op 0 CUSTOM ({code}) 'y'" in answer["error"]["message"]


def test_what_no_oracle_runs_is_told_by_build_and_by_the_exit_code(
    run: Run, tmp_path: Path
) -> None:
    model, project = beyond_litert(tmp_path / "new.tflite"), tmp_path / "project"
    build = ("build", model, "--board", "nano33", "-o", project)
    code, built = run(*build, "--exact-to", "litert")
    assert code == 0, built
    warnings = built["warnings"]
    assert isinstance(warnings, list)
    (warning,) = warnings
    assert "nothing can check the firmware's outputs" in warning
    assert "LiteRT does not run this model" in warning
    assert "--exact-to tflm" in warning
    code, measured = run("bench", project, "--runs", "1")
    assert code == 8
    exact, error = measured["exact"], measured["error"]
    assert isinstance(exact, dict)
    assert isinstance(error, dict)
    assert (exact["exact_to"], exact["oracle"], exact["mismatched_samples"]) == (
        "litert", None, None,
    )  # fmt: skip
    assert "LiteRT does not run this model" in exact["not_compared"]
    assert "nothing tells whether the outputs are right" in error["message"]
    assert run(*build)[0] == 0
    code, measured = run("bench", project, "--runs", "1")
    assert code == 0, measured


def gelu(path: Path) -> Path:
    """LiteRT has GELU, TFLM does not."""
    b = Builder()
    x, y = (b.tensor([1, 4], name=n, scales=[0.5], zero_points=[0]) for n in ("x", "y"))
    b.op("GELU", [x], [y], options("Gelu"))
    return write(path, b, [x], [y])


def island(path: Path) -> Path:
    """An activation with float operators and a SELECT, which LiteRT has and TFLM does not."""
    path.write_bytes(mish())
    return path


@pytest.mark.parametrize("make", [gelu, island])
@pytest.mark.parametrize("engine", ["aot", "tflm"])
def test_the_hint_for_an_operator_of_one_runtime_is_followed(
    run: Run, tmp_path: Path, make: Callable[[Path], Path], engine: str
) -> None:
    build = ("build", make(tmp_path / "one.tflite"), "--board", "nano33", "-o", tmp_path / "p")
    code, answer = run(*build, "--engine", engine)
    assert code == 3
    assert "--exact-to litert" in str(answer)
    assert run(*build, "--exact-to", "litert")[0] == 0


@pytest.mark.parametrize(("make", "said"), [(cast, "z' is float32"), (gelu, "no float tensor")])
def test_a_float_border_is_said_and_nothing_else(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    converted = convert_model(make(tmp_path / "m.tflite"), None)
    text = "\n".join(conversion_lines(converted))
    assert said in text
    assert ("no float tensor" in text) == (not converted.not_integer)
    summary = summarise(read_model(converted.tflite), lambda graph, op: 0)
    assert converted.not_integer == summary.not_integer
    assert converted.integer_inside
    assert summary.integer_inside
