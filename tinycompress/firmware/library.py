"""A model as a library to be dropped into a program: for CMake, PlatformIO, Arduino, CMSIS-Pack."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tinycompress._resources import firmware_templates_dir
from tinycompress._version import __version__
from tinycompress.artifacts import FirmwareProject, GeneratedSources
from tinycompress.boards import Board
from tinycompress.firmware.headers import SOURCE_SUFFIXES, Tree, relative_includes
from tinycompress.firmware.plan import BuildPlan
from tinycompress.firmware.project import PROJECT_FILE, project_json
from tinycompress.firmware.render import (
    EXAMPLE_FILE,
    check_sources,
    model_tree,
    shown_name,
    template_environment,
)
from tinycompress.firmware.writing import MODEL_FILE, write_tree

LIBRARY_VERSION = "1.0.0"
"""Of a model nobody has published yet; edited in the three files that say it, it stays."""
PACK_VENDOR = "tinycompress"

_RENDERED = ("CMakeLists.txt", "README.md", "library.json", "library.properties")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip can hold: the same input gives the same bytes."""


def render_library(
    sources: GeneratedSources,
    board: Board,
    directory: Path,
    *,
    tflite: bytes,
    model_name: str,
    force: bool = False,
) -> FirmwareProject:
    """Write the library of one model.

    Args:
        sources: What the code generator made; its kernels are chosen for the board's core.
        board: The board that it is meant for.
        directory: Where it goes, as in `render_project`.
        tflite: The model file that ``sources`` was generated from.
        model_name: For people.
        force: Whether edited files are overwritten.

    Raises:
        DoesNotFitError: The model certainly does not fit the board.
        ConfigError: ``directory`` cannot be written, holds something else, or edited files that
            cannot stay.
    """
    check_sources(sources, board, tflite)
    tree = library_tree(sources, board, tflite=tflite, model_name=model_name)
    return write_tree(tree, directory, force=force)


def library_tree(
    sources: GeneratedSources, board: Board, *, tflite: bytes, model_name: str
) -> Tree:
    """Every file of the library, the same for the same arguments."""
    tree = _sources_tree(sources)
    compiled = tuple(sorted(path for path in tree if path.endswith(SOURCE_SUFFIXES)))
    facts = _facts(sources, board, compiled, model_name=shown_name(model_name))
    prefix = str(facts["prefix"])
    for name in _RENDERED:
        tree[name] = _rendered(f"library/{name}", facts)
    if sources.example:
        tree[EXAMPLE_FILE] = _rendered("common/example.c", {**facts, "sources": sources})
        tree[f"examples/{prefix}/{prefix}.ino"] = _rendered("library/sketch.ino", facts)
    tree[f"{PACK_VENDOR}.{prefix}.pdsc"] = _rendered("library/package.pdsc", facts)
    tree[str(facts["pack_name"])] = _zipped(tree)
    tree[MODEL_FILE] = tflite
    plan = BuildPlan(compiled, ("src",), (), (), (), "", MappingProxyType({}))
    tree[PROJECT_FILE] = project_json(
        sources, board, plan, model_name=shown_name(model_name), framework="library"
    ).encode()
    return tree


def _sources_tree(sources: GeneratedSources) -> Tree:
    """The model and its kernels, which find each other without an include path."""
    engine = firmware_templates_dir() / "engine" / sources.engine
    whole = model_tree(sources, engine)
    model = {path: whole[path] for path in whole if path.startswith("model/")}
    return {
        f"src/{path.removeprefix('model/')}": content
        for path, content in relative_includes(model).items()
    }


def _facts(
    sources: GeneratedSources, board: Board, compiled: tuple[str, ...], *, model_name: str
) -> dict[str, Any]:
    prefix = f"tcm_{sources.name}"
    sentence = f"The int8 model {model_name}, as C without dependencies."
    paragraph = (
        f"{sources.arena_bytes:,} bytes of RAM and {sources.weights_bytes:,} bytes of weights; "
        f"nothing allocates. Made by tinycompress {__version__}."
    )
    return {
        "header": (
            f"Made by tinycompress {__version__} for {board.id}, model {sources.model_sha256[:12]}."
        ),
        "version": __version__,
        "library_version": LIBRARY_VERSION,
        "vendor": PACK_VENDOR,
        "pack_name": f"{PACK_VENDOR}.{prefix}.{LIBRARY_VERSION}.pack",
        "model": sources,
        "model_name": model_name,
        "board": board,
        "prefix": prefix,
        "sources": compiled,
        "sentence": sentence,
        "paragraph": paragraph,
        "library_json": _platformio(prefix, f"{sentence} {paragraph}", example=sources.example),
    }


def _platformio(prefix: str, description: str, *, example: str) -> dict[str, object]:
    """The manifest after PlatformIO's documentation of ``library.json``."""
    table: dict[str, object] = {
        "name": prefix,
        "version": LIBRARY_VERSION,
        "description": description,
        "keywords": ["tinyml", "neural network", "int8"],
        "frameworks": "*",
        "platforms": "*",
        "headers": f"{prefix}.h",
        "build": {"srcDir": "src", "includeDir": "src"},
    }
    if example:
        files = [f"{prefix}.ino"]
        table["examples"] = [{"name": prefix, "base": f"examples/{prefix}", "files": files}]
    return table


def _rendered(template: str, facts: Mapping[str, Any]) -> bytes:
    return template_environment().get_template(f"{template}.j2").render(facts).encode()


def _zipped(tree: Tree) -> bytes:
    """A CMSIS-Pack: a zip with the description at its root, the same for the same files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(tree):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, tree[path])
    return content.getvalue()
