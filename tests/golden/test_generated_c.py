"""Generated C and pages, as text to be reviewed; --update-golden rewrites them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.models.tflite_files import small_cnn

from tinycompress._version import __version__
from tinycompress.codegen import CodegenOptions, generate, supported_ops_markdown
from tinycompress.compression.run.stages_table import with_stages_table
from tinycompress.ir.reader import read_model
from tinycompress.schemas.published import published

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FILES = (
    "tcm_model.c", "tcm_model.h", "tcm_model_weights.c", "tcm_model_weights.h", "tc_model_aot.c",
)  # fmt: skip


def _compare(path: Path, text: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path.name} is missing; run pytest with --update-golden"
    assert path.read_text(encoding="utf-8") == text


def _text(name: str, options: CodegenOptions) -> str:
    sources = generate(read_model(small_cnn()), options)
    files = {**sources.files, **sources.runtime_files}
    assert sorted(files) == sorted(FILES)
    # The version changes with every release, and nothing else should.
    return files[name].replace(f"tinycompress {__version__} ", "tinycompress VERSION ")


@pytest.mark.parametrize("name", FILES)
def test_small_cnn(name: str, request: pytest.FixtureRequest) -> None:
    _compare(HERE / f"small_cnn.{name}.expected", _text(name, CodegenOptions()), request)


def test_small_cnn_exact_to_litert(request: pytest.FixtureRequest) -> None:
    text = _text("tcm_model.c", CodegenOptions(exact_to="litert"))
    _compare(HERE / "small_cnn_litert.tcm_model.c.expected", text, request)


def test_stages_table(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs" / "compression.md"
    _compare(page, with_stages_table(page.read_text()), request)


def test_supported_operators_page(request: pytest.FixtureRequest) -> None:
    _compare(ROOT / "docs" / "SUPPORTED_OPS.md", supported_ops_markdown(), request)


@pytest.mark.parametrize(("name", "text"), published().items(), ids=list(published()))
def test_published_schemas(name: str, text: str, request: pytest.FixtureRequest) -> None:
    _compare(ROOT / "docs" / "schemas" / name, text, request)


def test_no_schema_is_published_that_nothing_makes() -> None:
    assert {path.name for path in (ROOT / "docs" / "schemas").iterdir()} == set(published())
