"""``tinycompress.json``: what a project says about itself, written and read here only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from tinycompress.artifacts import (
    ArenaFigure,
    ArenaPlan,
    FirmwareProject,
    FrameworkName,
    GeneratedSources,
    LayerInfo,
    PlannedBuffer,
    StageInfo,
    TensorSpec,
    WeightsInfo,
)
from tinycompress.boards import Board
from tinycompress.errors import ConfigError, os_reason
from tinycompress.firmware.plan import BuildPlan, TflmPlan, ToolchainFlags
from tinycompress.firmware.tflm_library import TflmTarget

PROJECT_FILE = "tinycompress.json"
SCHEMA = "tinycompress.project"
SCHEMA_VERSION = 1
_HINT = "make the project again with `tinycompress build`"


def project_json(
    sources: GeneratedSources,
    board: Board,
    plan: BuildPlan,
    *,
    model_name: str,
    framework: FrameworkName = "cmake",
    project_id: str | None = None,
) -> str:
    """The text of ``tinycompress.json``: sorted keys, nothing that changes from run to run."""
    table: dict[str, Any] = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "model_name": model_name,
        "board": board.id,
        "transport": board.serial.transport,
        "engine": sources.engine,
        "exact_to": sources.exact_to,
        "model_sha256": sources.model_sha256,
        "inputs": [asdict(spec) for spec in sources.inputs],
        "outputs": [asdict(spec) for spec in sources.outputs],
        "layers": [asdict(layer) for layer in sources.layers],
        "macs": sources.macs,
        "recomputed_macs": sources.recomputed_macs,
        "arena_bytes": sources.arena_bytes,
        "weights_bytes": sources.weights_bytes,
        "peak_layer": sources.peak_layer,
        "build": {
            "sources": plan.sources,
            "include_dirs": plan.include_dirs,
            "compile_flags": plan.compile_flags,
            "warnings": plan.warnings,
            "link_flags": plan.link_flags,
            "linker_script": plan.linker_script,
            "toolchains": {name: asdict(flags) for name, flags in plan.toolchains.items()},
        },
    }
    if framework != "cmake":
        table["framework"] = framework
        table["project_id"] = project_id
    if plan.tflm is not None:
        table["build"]["tflm"] = asdict(plan.tflm)
    if sources.latency_budget_us is not None:
        table["latency_budget_us"] = sources.latency_budget_us
    if sources.arena is not None:
        table["arena"] = asdict(sources.arena)
    if sources.plan is not None:
        table["plan"] = asdict(sources.plan)
    if sources.stages:
        table["stages"] = [asdict(stage) for stage in sources.stages]
    if sources.command:
        table["command"] = list(sources.command)
    return json.dumps(table, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def is_project(directory: Path) -> bool:
    """Whether ``directory`` holds a project that this package wrote."""
    try:
        _read(directory)
    except ConfigError:
        return False
    return True


def load_project(directory: Path) -> FirmwareProject:
    """Read a project's facts back.

    Raises:
        ConfigError: There is no project, or its file is broken or of another version.
    """
    table = _read(directory)
    try:
        return FirmwareProject(
            directory=directory,
            board_id=table["board"],
            engine=table["engine"],
            exact_to=table["exact_to"],
            model_sha256=table["model_sha256"],
            inputs=tuple(_tensor(item) for item in table["inputs"]),
            outputs=tuple(_tensor(item) for item in table["outputs"]),
            layers=tuple(_layer(item) for item in table["layers"]),
            arena_bytes=table["arena_bytes"],
            weights_bytes=table["weights_bytes"],
            transport=table["transport"],
            arena=ArenaFigure(**table["arena"]) if "arena" in table else None,
            plan=_arena_plan(table["plan"]) if "plan" in table else None,
            model_name=table["model_name"],
            command=tuple(table.get("command", ())),
            framework=_framework(table),
            project_id=table.get("project_id"),
            recomputed_macs=table["recomputed_macs"],
            latency_budget_us=table.get("latency_budget_us"),
            stages=tuple(map(_stage, table.get("stages", ()))),
        )
    except (KeyError, TypeError) as error:
        raise _broken(directory, error) from error


def load_plan(directory: Path) -> BuildPlan:
    """Read how a project is compiled.

    Raises:
        ConfigError: There is no project, or its file is broken or of another version.
    """
    table = _read(directory)
    try:
        plan = table["build"]
        return BuildPlan(
            sources=tuple(plan["sources"]),
            include_dirs=tuple(plan["include_dirs"]),
            compile_flags=tuple(plan["compile_flags"]),
            warnings=tuple(plan["warnings"]),
            link_flags=tuple(plan["link_flags"]),
            linker_script=plan["linker_script"],
            toolchains=MappingProxyType(
                {
                    name: ToolchainFlags(tuple(flags["compile"]), tuple(flags["link"]))
                    for name, flags in plan["toolchains"].items()
                }
            ),
            tflm=_tflm_plan(plan["tflm"]) if "tflm" in plan else None,
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise _broken(directory, error) from error


def _tflm_plan(item: Mapping[str, Any]) -> TflmPlan:
    return TflmPlan(
        target=TflmTarget(**item["target"]),
        include_dirs=tuple(item["include_dirs"]),
        cxx_flags=tuple(item["cxx_flags"]),
        cxx_warnings=tuple(item["cxx_warnings"]),
    )


def _framework(table: Mapping[str, Any]) -> FrameworkName:
    """The build system that compiles a project; firmware for a framework has a project id."""
    framework: FrameworkName = table.get("framework", "cmake")
    if framework not in get_args(FrameworkName):
        raise TypeError(f"'framework' ({framework!r})")
    has_id = framework not in ("cmake", "library")
    if has_id and not re.fullmatch(r"[0-9a-f]{40}", str(table["project_id"])):
        raise TypeError(f"'project_id' ({table['project_id']!r})")
    return framework


def _tensor(item: Mapping[str, Any]) -> TensorSpec:
    return TensorSpec(**{**item, "shape": tuple(item["shape"])})


def _arena_plan(item: Mapping[str, Any]) -> ArenaPlan:
    buffers = tuple(PlannedBuffer(**buffer) for buffer in item["buffers"])
    return ArenaPlan(**{**item, "buffers": buffers})


def _stage(item: Mapping[str, Any]) -> StageInfo:
    return StageInfo(**{**item, "outputs": tuple(item["outputs"])})


def _layer(item: Mapping[str, Any]) -> LayerInfo:
    weights = item.get("weights")
    return LayerInfo(
        **{
            **item,
            "output_shape": tuple(item["output_shape"]),
            "weights": None if weights is None else WeightsInfo(**weights),
        }
    )


def _broken(directory: Path, error: Exception) -> ConfigError:
    return ConfigError(
        f"{directory / PROJECT_FILE} lacks or garbles {error}; it was changed by hand, or written "
        "by another version",
        hint=_HINT,
    )


def _read(directory: Path) -> dict[str, Any]:
    path = directory / PROJECT_FILE
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if not directory.exists():
            raise ConfigError(
                f"there is no directory {directory}", hint="check the path"
            ) from error
        raise ConfigError(f"{directory} is no project: it has no {PROJECT_FILE}") from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not valid JSON: {error}", hint=_HINT) from error
    if not isinstance(table, dict) or table.get("schema") != SCHEMA:
        raise ConfigError(f"{path} does not describe a project (no schema {SCHEMA!r})", hint=_HINT)
    if table.get("schema_version") != SCHEMA_VERSION:
        raise ConfigError(
            f"{path} has schema_version {table.get('schema_version')!r}, must be {SCHEMA_VERSION}",
            hint=_HINT,
        )
    return table
