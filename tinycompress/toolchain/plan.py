"""Checks on a project's build plan before any of it gets onto a command line."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from tinycompress.errors import ConfigError
from tinycompress.firmware.plan import BuildPlan
from tinycompress.firmware.project import load_plan
from tinycompress.toolchain.sizes import SourceGroups

_PLATFORM_DIRECTORY = "platform"
_MODEL_DIRECTORY = "model"
_HINT = "make the project again: tinycompress build"


def read_plan(directory: Path) -> BuildPlan:
    """The plan of a project, checked: every path lies inside it, every source is there.

    Raises:
        ConfigError: The project's file is missing or was changed into something unusable.
    """
    plan = load_plan(directory)
    where = f"the build plan of {directory}"
    if not plan.sources:
        raise ConfigError(f"{where} has no sources", hint=_HINT)
    for path in (*plan.sources, *plan.include_dirs, plan.linker_script):
        _check_path(path, where)
    for name in (*plan.sources, plan.linker_script):
        if not (directory / name).is_file():
            raise ConfigError(f"{where} names {name}, which is not there", hint=_HINT)
    per_toolchain = [flag for t in plan.toolchains.values() for flag in (*t.compile, *t.link)]
    for flag in (*plan.compile_flags, *plan.warnings, *plan.link_flags, *per_toolchain):
        if not isinstance(flag, str):
            raise ConfigError(f"{where} has the flag {flag!r}, which is no text", hint=_HINT)
    return plan


def source_groups(plan: BuildPlan) -> SourceGroups:
    """Which source files are the model's, and which are the port's and start-up's."""
    paths = [PurePosixPath(source) for source in plan.sources]
    return SourceGroups(
        platform=frozenset(p.name for p in paths if p.parts[0] == _PLATFORM_DIRECTORY),
        model=frozenset(p.name for p in paths if p.parts[0] == _MODEL_DIRECTORY),
    )


def _check_path(path: object, where: str) -> None:
    """Refuse what leaves the project, or what a compiler driver would take for something else."""
    if not isinstance(path, str):
        raise ConfigError(f"{where} has the path {path!r}, which is no text", hint=_HINT)
    parts = PurePosixPath(path).parts
    if path.startswith(("/", "-")) or ".." in parts or not path:
        raise ConfigError(f"{where} names {path!r}, which is not inside the project", hint=_HINT)
    if any(character in path for character in ',"\\\n'):
        raise ConfigError(
            f"{where} names {path!r}: paths must not have commas, quotes, backslashes or line ends",
            hint=_HINT,
        )
