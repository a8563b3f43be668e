"""``--weights`` on the command line: what is written, said and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.compression.clustered_models import WIDE, clustered
from support.models.tflite_files import small_cnn

from tinycompress import pipeline
from tinycompress.cli.main import _run
from tinycompress.errors import ConfigError, DoesNotFitError, ModelError
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.engines import tflm
from tinycompress.pipeline.job import Job

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("TFLM_DIR", raising=False)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = _run([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, out, " ".join(err.split())

    return call


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(clustered(8, outputs=WIDE))
    return path


@pytest.mark.parametrize("compression", ["auto", "lut", "huffman"])
def test_convert_tells_what_it_saved(
    run: Run, model: Path, tmp_path: Path, compression: str
) -> None:
    output = tmp_path / "small.tflite"
    arguments = ("convert", model, "-o", output, "--weights", compression)
    code, said, _ = run(*arguments)
    assert code == 0
    assert f"{model.stat().st_size:,} -> {output.stat().st_size:,} bytes" in said
    assert "the same on 8 random inputs" in said
    assert "18,808 bytes of code (estimated)" in said
    code, answer, _ = run(*arguments, "--json")
    assert code == 0
    told = json.loads(answer)["tflm_encoding"]
    assert f"decodes {told['decoded_weights']:,} weights: about {told['decode_cycles']:,}" in said
    assert told["after_bytes"] == output.stat().st_size
    assert told["before_bytes"] == model.stat().st_size
    assert told["decoded_weights"] == sum(each["before_bytes"] for each in told["tensors"])
    methods = {tensor["method"] for tensor in told["tensors"]}
    assert methods == ({"lut"} if compression == "auto" else {compression})


def test_a_method_that_gains_nothing_is_refused(run: Run, model: Path, tmp_path: Path) -> None:
    output = tmp_path / "small.tflite"
    code, _, err = run("convert", model, "-o", output, "--weights", "prune")
    assert code == 3
    assert "encoded weights would not make the model smaller" in err
    assert "layer 'dense' (FULLY_CONNECTED): prune" in err
    assert not output.exists()


@pytest.mark.parametrize(
    ("tflite", "words"),
    [
        (small_cnn(), "would not make the model smaller"),
        (clustered(8), "DECODE operator takes about 18,808 bytes of code"),
    ],
)
def test_a_refusal_writes_nothing(run: Run, tmp_path: Path, tflite: bytes, words: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite)
    for command in (
        ("convert", path, "-o", tmp_path / "out"),
        ("build", path, "--board", "nano33", "--engine", "tflm", "-o", tmp_path / "out"),
    ):
        code, _, err = run(*command, "--weights", "auto")
        assert code == 3
        assert words in err
        assert not (tmp_path / "out").exists()


def test_an_unknown_method(run: Run, model: Path, tmp_path: Path) -> None:
    code, _, err = run("convert", model, "-o", tmp_path / "o", "--weights", "zip")
    assert code == 2
    assert "auto" in err
    assert "huffman" in err


def test_the_aot_engine_has_encodings_of_its_own(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="for the engine tflm, not aot"):
        pipeline.build(model, "nano33", tflm_compression="lut", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_a_library_the_project_has_the_encoded_file(
    run: Run, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "app"
    code, said, _ = run(
        "build", model, "--board", "nano33", "--framework", "zephyr", "--engine", "tflm",
        "--weights", "auto", "-o", out, "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(said)["tflm_encoding"]["code_obtained"] == "estimated"
    assert "AddDecode" in (out / "model" / "tcm_ops.h").read_text()


class Linked:
    """What `pipeline.engines.tflm` finds where it links with a library of TFLM."""

    def __init__(self, code_bytes: int | None) -> None:
        self.code_bytes = code_bytes

    def flash_bytes(self, job: Job, tflite: bytes, checkout: Path) -> int:
        decodes = any(op.custom_code for op in read_model(tflite).main.ops)
        if self.code_bytes is None and not decodes:
            raise DoesNotFitError("region FLASH overflowed")
        return 50_000 + len(tflite) + (self.code_bytes or 0 if decodes else 0)


@pytest.mark.parametrize("code_bytes", [12_345, None, 200_000])
def test_the_code_is_measured_where_there_is_a_library(
    code_bytes: int | None, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link stands in for one with a library; tests/emulated has the real one."""
    monkeypatch.setattr(tflm, "_flash_bytes", Linked(code_bytes).flash_bytes)
    jobs: list[Job] = []
    monkeypatch.setattr("tinycompress.pipeline.building.measures_decode", lambda *_: True)
    monkeypatch.setattr("tinycompress.pipeline.building.build_tflm", jobs.append)
    pipeline.build(model, "nano33", engine="tflm", tflm_compression="auto", output=tmp_path / "out")
    (job,) = jobs
    if code_bytes == 200_000:
        with pytest.raises(ModelError, match=r"200,000 bytes of code \(measured\)"):
            tflm._worth_its_code(job, tmp_path)
        return
    told = tflm._worth_its_code(job, tmp_path).model.tflm_encoding
    before = job.model.tflm_encoding
    assert before is not None
    if code_bytes is None:
        assert told == before, "plain weights do not fit: no question what is smaller"
    else:
        assert told == replace(before, code_bytes=code_bytes, code_obtained="measured")


def test_measured_code_decides_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that saves less than the estimate still comes to the link."""
    path = tmp_path / "model.tflite"
    jobs: list[Job] = []
    path.write_bytes(clustered(8))
    monkeypatch.setattr("tinycompress.pipeline.building.measures_decode", lambda *_: True)
    monkeypatch.setattr("tinycompress.pipeline.building.build_tflm", jobs.append)
    pipeline.build(path, "nano33", engine="tflm", tflm_compression="auto", output=tmp_path / "o")
    (job,) = jobs
    monkeypatch.setattr(tflm, "_flash_bytes", Linked(1_000).flash_bytes)
    told = tflm._worth_its_code(job, tmp_path).model.tflm_encoding
    assert told is not None
    assert told.code_bytes == 1_000
    monkeypatch.setattr(tflm, "_flash_bytes", Linked(8_000).flash_bytes)
    with pytest.raises(ModelError, match="8,000 bytes of code"):
        tflm._worth_its_code(job, tmp_path)
