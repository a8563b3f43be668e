"""Projects that Arduino's or Zephyr's own build compiles: the same sources, a platform over it.

Start-up, linker script, clocks and drivers are the framework's; `firmware_templates/framework/` has
tc_platform.h over each.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tinycompress._resources import firmware_templates_dir
from tinycompress._version import __version__
from tinycompress.artifacts import FirmwareProject, FrameworkName, GeneratedSources
from tinycompress.boards import Board
from tinycompress.errors import ConfigError
from tinycompress.firmware.fit import arena_max_bytes
from tinycompress.firmware.headers import (
    INCLUDE_DIRS,
    SOURCE_SUFFIXES,
    Tree,
    relative_includes,
    without_unused_headers,
)
from tinycompress.firmware.plan import BuildPlan
from tinycompress.firmware.project import PROJECT_FILE, project_json
from tinycompress.firmware.render import (
    ENGINE_ID,
    EXAMPLE_FILE,
    check_sources,
    model_tree,
    most_windows,
    repeats_layers,
    runtime_tree,
    shown_name,
    template_environment,
)
from tinycompress.firmware.writing import MODEL_FILE, PROJECT_ID_SOURCE, kept_contents, write_tree

PROJECT_ID_BYTES = 20
"""As many as a linker's SHA-1 build id has, in whose place it stands."""

FRAMEWORK_TITLES: Mapping[FrameworkName, str] = MappingProxyType(
    {"cmake": "CMake", "arduino": "Arduino", "zephyr": "Zephyr"}
)
# Names that frameworks bring themselves: main of the Arduino core, the C++ library's run time.
_NOT_OURS: Mapping[FrameworkName, tuple[str, ...]] = MappingProxyType(
    {
        "arduino": ("runtime/main.c", "runtime/tc_build_id.c", "model/tcm_cxx_runtime.c"),
        "zephyr": ("runtime/tc_build_id.c", "model/tcm_cxx_runtime.c"),
    }
)
_PLATFORM: Mapping[FrameworkName, str] = MappingProxyType(
    {"arduino": "platform.cpp", "zephyr": "platform.c"}
)
# Arduino sketch specification, "Sketch folders and files".
_SKETCH_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")


def render_framework_project(
    sources: GeneratedSources,
    board: Board,
    directory: Path,
    *,
    framework: FrameworkName,
    tflite: bytes,
    model_name: str,
    force: bool = False,
) -> FirmwareProject:
    """Write the project of one model on one board for a framework's build.

    Args:
        sources: What the engine's code generator made.
        board: The board as the framework runs it (`Board.within`).
        directory: Where the project goes, as in `render_project`. Arduino wants a name of letters,
            digits, ``_``, ``-`` and ``.``, because the sketch is named after it.
        framework: ``arduino`` or ``zephyr``.
        tflite: The model file that ``sources`` was generated from.
        model_name: For people.
        force: Whether edited files are overwritten.

    Raises:
        DoesNotFitError: The model certainly does not fit the board.
        ConfigError: ``directory`` cannot be written, holds something else, edited files that cannot
            stay, or cannot name a sketch.
    """
    check_sources(sources, board, tflite)

    def tree_with(edits: Mapping[str, bytes]) -> Tree:
        return framework_tree(
            sources, board, framework=framework, tflite=tflite, model_name=model_name,
            directory_name=directory.resolve().name, edits=edits,
        )  # fmt: skip

    tree = tree_with({})
    edits = {} if force else kept_contents(tree, directory)
    if edits:
        tree = tree_with(edits)
    return write_tree(tree, directory, force=force)


def framework_tree(
    sources: GeneratedSources,
    board: Board,
    *,
    framework: FrameworkName,
    tflite: bytes,
    model_name: str,
    directory_name: str,
    edits: Mapping[str, bytes] = MappingProxyType({}),
) -> Tree:
    """Every file of the project, the same for the same arguments.

    ``edits`` are the files that the user edited, which count for who the firmware says it is.
    """
    facts = _facts(sources, board, framework, model_name=shown_name(model_name))
    tree = _sources_tree(sources, framework, facts)
    project_id = _project_id({**tree, **{f"edited/{path}": edits[path] for path in edits}}, tflite)
    facts["project_id_bytes"] = [f"0x{byte:02x}" for byte in bytes.fromhex(project_id)]
    tree[PROJECT_ID_SOURCE] = _rendered("common/tc_project_id.c.j2", facts)
    if framework == "arduino":
        tree = _as_sketch(tree, facts, directory_name)
    compiled = tuple(sorted(path for path in tree if path.endswith(SOURCE_SUFFIXES)))
    if framework == "zephyr":
        tree |= _zephyr_files(board, {**facts, "sources": compiled, "include_dirs": INCLUDE_DIRS})
    tree["README.md"] = _rendered(
        f"{framework}/README.md.j2", {**facts, "project_id": project_id, "name": directory_name}
    )
    tree[MODEL_FILE] = tflite
    plan = BuildPlan(compiled, INCLUDE_DIRS, (), (), (), "", MappingProxyType({}))
    tree[PROJECT_FILE] = project_json(
        sources, board, plan, model_name=shown_name(model_name), framework=framework,
        project_id=project_id,
    ).encode()  # fmt: skip
    return tree


def _facts(
    sources: GeneratedSources, board: Board, framework: FrameworkName, *, model_name: str
) -> dict[str, Any]:
    return {
        "header": (
            f"Made by tinycompress {__version__} for {board.id}, model {sources.model_sha256[:12]}."
        ),
        "version": __version__,
        "model_name": model_name,
        "framework_name": FRAMEWORK_TITLES[framework],
        "board": board,
        "engine": sources.engine,
        "engine_id": ENGINE_ID[sources.engine],
        "model": sources,
        "max_layers": most_windows(sources),
        "stages": len(sources.stages),
        "repeats": repeats_layers(sources),
        "arena_max_bytes": arena_max_bytes(board),
        "fqbn": None if board.arduino is None else board.arduino.fqbn,
        "zephyr_board": None if board.zephyr is None else board.zephyr.board,
        "usb": board.serial.transport == "usb-cdc",
    }


def _sources_tree(
    sources: GeneratedSources, framework: FrameworkName, facts: Mapping[str, Any]
) -> Tree:
    """All that is compiled, laid out as in a project of our own build."""
    templates = firmware_templates_dir()
    tree = model_tree(sources, templates / "engine" / sources.engine)
    tree |= runtime_tree(templates / "common")
    for path in _NOT_OURS[framework]:
        tree.pop(path, None)
    platform = _PLATFORM[framework]
    tree[f"platform/{platform}"] = (templates / "framework" / framework / platform).read_bytes()
    tree["board_config.h"] = _rendered("common/board_config.h.j2", facts)
    # What gives its identity includes this, and is written when all else is known.
    identity_header = "runtime/include/tc_build_id.h"
    return {**without_unused_headers(tree), identity_header: tree[identity_header]}


def _project_id(tree: Mapping[str, bytes], tflite: bytes) -> str:
    digest = hashlib.sha256()
    for path, content in sorted({**tree, MODEL_FILE: tflite}.items()):
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[: 2 * PROJECT_ID_BYTES]


def _as_sketch(tree: Tree, facts: Mapping[str, Any], directory_name: str) -> Tree:
    if not _SKETCH_NAME.fullmatch(directory_name):
        raise ConfigError(
            f"an Arduino sketch cannot be named {directory_name!r} like its directory; allowed are "
            "up to 63 letters, digits, '_', '-' and '.', the first a letter, a digit or '_'",
            hint="choose another directory with -o",
        )
    sketch = {f"src/{path}": content for path, content in relative_includes(tree).items()}
    sketch[f"{directory_name}.ino"] = _rendered("arduino/sketch.ino.j2", facts)
    return sketch


def _zephyr_files(board: Board, facts: Mapping[str, Any]) -> Tree:
    names = ["CMakeLists.txt", "prj.conf"]
    if facts["model"].example:
        names += [EXAMPLE_FILE, "example.conf"]
    files = {name: _rendered(f"zephyr/{name}.j2", facts) for name in names}
    if board.serial.transport == "usb-cdc":
        overlay = firmware_templates_dir() / "framework" / "zephyr" / "app.overlay"
        files["app.overlay"] = overlay.read_bytes()
    return files


def _rendered(template: str, facts: Mapping[str, Any]) -> bytes:
    environment = template_environment()
    return environment.get_template(f"framework/{template}").render(facts).encode()
