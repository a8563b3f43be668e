"""Writing a firmware project: a directory that builds by hand, with nothing of this package."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import jinja2

from tinycompress._resources import firmware_templates_dir
from tinycompress._version import __version__
from tinycompress.artifacts import EngineName, FirmwareProject, GeneratedSources, ToolchainName
from tinycompress.boards import Board
from tinycompress.errors import ConfigError
from tinycompress.firmware.fit import arena_max_bytes, check_fit
from tinycompress.firmware.headers import (
    INCLUDE_DIRS,
    SOURCE_SUFFIXES,
    Tree,
    without_unused_headers,
)
from tinycompress.firmware.pins import pin_number, uart_number
from tinycompress.firmware.plan import LINKER_SCRIPT, BuildPlan, build_plan
from tinycompress.firmware.project import PROJECT_FILE, project_json
from tinycompress.firmware.writing import MODEL_FILE, write_tree

ENGINE_ID: Mapping[EngineName, int] = {"aot": 0, "tflm": 1}
_START_UP = ("tc_startup.c", "tc_fault.c")
# Where tcm_NAME.c puts its arena: the section of tc_startup.h's TC_ARENA.
_ARENA_DEFINES: Mapping[EngineName, tuple[str, ...]] = {
    "aot": ("-DTCM_ARENA_SECTION=.tc_arena",),
    "tflm": (),
}
_RENDERED = {
    "board_config.h": "common/board_config.h.j2",
    LINKER_SCRIPT: "common/ld/cortex_m.ld.j2",
    "CMakeLists.txt": "common/CMakeLists.txt.j2",
    "README.md": "common/README.md.j2",
}
_TOOLCHAIN_FILES: Mapping[ToolchainName, str] = {
    "gcc": "toolchain-arm-none-eabi.cmake",
    "zig": "toolchain-zig.cmake",
}

EXAMPLE_FILE = "example.c"
"""A program that calls the model alone; nothing of the firmware, so that no plan compiles it."""


def render_project(
    sources: GeneratedSources,
    board: Board,
    directory: Path,
    *,
    tflite: bytes,
    model_name: str,
    force: bool = False,
) -> FirmwareProject:
    """Write the project of one model on one board.

    Args:
        sources: What the engine's code generator made.
        board: The board to build for.
        directory: Where the project goes: absent, empty, or a project of an earlier run, in which
            everything stays that the user added or edited.
        tflite: The model file that ``sources`` was generated from.
        model_name: For people; shown in the project's README.
        force: Whether edited files are overwritten.

    Raises:
        DoesNotFitError: The model certainly does not fit the board.
        ConfigError: ``directory`` cannot be written, holds something else than a project, or edited
            files that cannot stay.
    """
    check_sources(sources, board, tflite)
    tree = project_tree(sources, board, tflite=tflite, model_name=model_name)
    return write_tree(tree, directory, force=force)


def check_sources(sources: GeneratedSources, board: Board, tflite: bytes) -> None:
    """Refuse sources of another model, and a model that certainly does not fit.

    Raises:
        DoesNotFitError: The model certainly does not fit the board.
        ConfigError: The sources were generated from another file.
    """
    if hashlib.sha256(tflite).hexdigest() != sources.model_sha256:
        raise ConfigError("the sources were generated from another model file than the one given")
    check_fit(sources, board)


def shown_name(model_name: str) -> str:
    """The model's name for people, without what would mean something to Markdown or C."""
    return re.sub(r"[^\w .()+-]", "_", model_name) or "model"


def template_environment() -> jinja2.Environment:
    """How every template of a project is rendered."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(firmware_templates_dir()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def project_tree(
    sources: GeneratedSources, board: Board, *, tflite: bytes, model_name: str
) -> Tree:
    """Every file of the project, the same for the same arguments."""
    templates = firmware_templates_dir()
    name = shown_name(model_name)
    tree = model_tree(sources, templates / "engine" / sources.engine)
    tree |= runtime_tree(templates / "common")
    platform = _platform_tree(board, templates)
    plan = _plan(sources, board, [*tree, *platform])
    host = _copies(templates / "mcu" / "host", "host") if plan.tflm is None else {}
    # The PC's own board_config.h stands in the place of the board's, which is written below.
    tree = without_unused_headers({**tree, **platform, **host}) | host
    tree[MODEL_FILE] = tflite
    tree[PROJECT_FILE] = project_json(sources, board, plan, model_name=name).encode()
    for file in (_TOOLCHAIN_FILES[name] for name in plan.toolchains):
        tree[file] = (templates / "common" / file).read_bytes()
    tree |= _rendered(sources, board, plan, model_name=name)
    return tree


def model_tree(sources: GeneratedSources, engine: Path) -> Tree:
    """The generated model and its kernels below ``model/``, our access to it in ``runtime/``."""
    tree = {_inside("model", path): text.encode() for path, text in sources.files.items()}
    for path, text in sources.runtime_files.items():
        tree[_inside("runtime", path)] = text.encode()
    for file in sources.kernel_files:
        tree[_inside("model", file)] = (engine / file).read_bytes()
    return tree


def _inside(parent: str, path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or PurePosixPath(path).is_absolute():
        raise ValueError(f"path {path!r} leads out of {parent}/")
    return str(PurePosixPath(parent, *parts))


def runtime_tree(common: Path) -> Tree:
    """What every program has, below ``runtime/``."""
    tree = _copies(common / "src", "runtime") | _copies(common / "include", "runtime/include")
    return {path: content for path, content in tree.items() if Path(path).name not in _START_UP}


def _platform_tree(board: Board, templates: Path) -> Tree:
    port = templates / "mcu" / board.family
    if not (port / "platform.c").is_file():
        known = sorted(path.parent.name for path in (templates / "mcu").glob("*/platform.c"))
        raise ConfigError(
            f"board {board.id!r}: no port for MCU family {board.family!r}; there are: "
            f"{', '.join(name for name in known if name != 'host')}",
            hint="docs/adding-a-board.md tells how to port to another family",
        )
    tree = _copies(port, "platform")
    for file in _START_UP:
        tree[f"platform/{file}"] = (templates / "common" / "src" / file).read_bytes()
    return tree


def _copies(source: Path, target: str) -> Tree:
    return {
        f"{target}/{path.name}": path.read_bytes()
        for path in sorted(source.iterdir())
        if path.suffix in (".c", ".h", ".S")
    }


def _plan(sources: GeneratedSources, board: Board, paths: list[str]) -> BuildPlan:
    compiled = tuple(sorted(path for path in paths if path.endswith(SOURCE_SUFFIXES)))
    return build_plan(
        board,
        sources=compiled,
        include_dirs=INCLUDE_DIRS,
        defines=(
            f"-DTC_ENGINE_ID={ENGINE_ID[sources.engine]}u",
            f"-DTC_MEASURE_MAX_LAYERS={most_windows(sources)}u",
            *((f"-DTC_STAGES={len(sources.stages)}u",) if sources.stages else ()),
            *(("-DTC_MEASURE_REPEATS=1",) if repeats_layers(sources) else ()),
            *_ARENA_DEFINES[sources.engine],
        ),
        tflm=sources.engine == "tflm",
    )


def most_windows(sources: GeneratedSources) -> int:
    """As many windows as a profiled run can open: around layers, or around stages."""
    return max(1, len(sources.layers), len(sources.stages))


def repeats_layers(sources: GeneratedSources) -> bool:
    """Whether a layer runs more than once in an inference: those of a loop over time steps."""
    return any(layer.runs > 1 for layer in sources.layers)


def _rendered(
    sources: GeneratedSources,
    board: Board,
    plan: BuildPlan,
    *,
    model_name: str,
) -> Tree:
    environment = template_environment()
    facts = _facts(sources, board, plan, model_name=model_name)
    templates = dict(_RENDERED)
    if sources.example:
        templates[EXAMPLE_FILE] = "common/example.c.j2"
    return {
        path: environment.get_template(template).render(facts).encode()
        for path, template in templates.items()
    }


def _facts(
    sources: GeneratedSources, board: Board, plan: BuildPlan, *, model_name: str
) -> dict[str, Any]:
    uart = board.serial.uart
    return {
        "header": (
            f"Made by tinycompress {__version__} for {board.id}, model {sources.model_sha256[:12]}."
        ),
        "version": __version__,
        "model_name": model_name,
        "sources": sources,
        "board": board,
        "plan": plan,
        "defines": [flag for flag in plan.compile_flags if flag.startswith("-D")],
        "model_sources": [path for path in plan.sources if path.startswith("model/")],
        "portable_sources": [path for path in plan.sources if not path.startswith("platform/")],
        "platform_sources": [path for path in plan.sources if path.startswith("platform/")],
        "has_assembly": any(path.endswith(".S") for path in plan.sources),
        **{
            purpose: next((region for region in board.memory if purpose in region.holds), None)
            for purpose in ("boot2", "boot_header")
        },
        **{purpose: board.region_for(purpose) for purpose in ("code", "data", "stack", "arena")},
        "arena_max_bytes": arena_max_bytes(board),
        "uart_instance": uart_number(uart.instance),
        "mark": None if board.energy is None else pin_number(board.energy.pin),
        "tx": None if uart.tx is None else pin_number(uart.tx),
        "rx": None if uart.rx is None else pin_number(uart.rx),
    }
