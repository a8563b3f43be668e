"""Finding the user's own build of TensorFlow Lite Micro, and making sure that it fits a board."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tinycompress import _proc
from tinycompress.boards.schema import Cpu
from tinycompress.codegen.tflm.ops import TRIED_COMMIT
from tinycompress.errors import ToolError, os_reason
from tinycompress.firmware.tflm_library import (
    DOWNLOADS,
    LIBRARY,
    VARIABLE,
    TflmTarget,
    tflm_target,
)
from tinycompress.toolchain.archive import ArmTarget, library_target

_GIT_TIMEOUT_S = 30.0
_BUILD_TYPES = ("release", "release_with_logs", "default")
_DIRECTORY = re.compile(
    r"cortex_m_generic_(?P<arch>[^_]+)_(?P<build>release_with_logs|release|default|debug)"
    r"(?P<kernels>_cmsis_nn)?_gcc"
)
_MICRO = "tensorflow/lite/micro"
_NEEDED = (
    f"{_MICRO}/micro_interpreter.h",
    f"{_MICRO}/micro_mutable_op_resolver.h",
    f"{_MICRO}/micro_op_resolver.h",
    "tensorflow/lite/schema/schema_generated.h",
    f"{DOWNLOADS}/flatbuffers/include/flatbuffers/flatbuffers.h",
    f"{DOWNLOADS}/gemmlowp/fixedpoint/fixedpoint.h",
    f"{DOWNLOADS}/ruy/ruy/profiler/instrumentation.h",
)
# Names of the API that our C++ is written against, and the header that each is in.
_API = (
    ("TfLiteBridgeBuiltinParseFunction", f"{_MICRO}/micro_op_resolver.h"),
    ("TFLMRegistration", f"{_MICRO}/micro_op_resolver.h"),
    ("initialization_status", f"{_MICRO}/micro_interpreter.h"),
)
_TRIED = f"tried with upstream's commit {TRIED_COMMIT[:12]} of August 2026"


@dataclass(frozen=True)
class TflmLibrary:
    """A built library in an upstream checkout.

    ``target_arch`` and ``build_type`` are what the name of its directory says, ``target`` what its
    objects say. ``commit`` is None for a checkout without git.
    """

    checkout: Path
    path: Path
    target_arch: str
    build_type: str
    target: ArmTarget
    commit: str | None


def tflm_directory(named: Path | None = None) -> Path | None:
    """The checkout to use: the one named, else that of the variable TFLM_DIR, else None."""
    if named is not None:
        return named
    value = os.environ.get(VARIABLE)
    return Path(value) if value else None


def find_tflm(cpu: Cpu, named: Path | None = None) -> TflmLibrary:
    """The library for a core.

    Raises:
        ToolError: No checkout is named, it is not complete or too old, or no library in it was
            built for this core; the hint is the command that builds it.
        BoardError: Upstream cannot build one for this core.
    """
    target = tflm_target(cpu)
    checkout = tflm_directory(named)
    if checkout is None:
        raise ToolError(
            "no TensorFlow Lite Micro to link: neither --tflm-dir nor the variable "
            f"{VARIABLE} names a checkout of https://github.com/tensorflow/tflite-micro",
            hint=build_hint(target),
        )
    checkout = checkout.expanduser().absolute()
    check_complete(checkout, target)
    found = libraries(checkout)
    fitting = [library for library in found if not library.target.problems(cpu)]
    if not fitting:
        raise _none_fits(checkout, found, cpu, target)
    return min(fitting, key=lambda library: _preference(library, target))


def libraries(checkout: Path) -> tuple[TflmLibrary, ...]:
    """Every library with CMSIS-NN kernels that was built in a checkout, in a fixed order.

    Raises:
        ToolError: One of them is damaged.
    """
    commit = checkout_commit(checkout)
    found = []
    for path in sorted(checkout.glob(f"gen/*/lib/{LIBRARY}")):
        name = _DIRECTORY.fullmatch(path.parent.parent.name)
        if name is not None and name["kernels"]:
            found.append(
                TflmLibrary(
                    checkout, path, name["arch"], name["build"], library_target(path), commit
                )
            )
    return tuple(found)


def check_complete(checkout: Path, target: TflmTarget | None = None) -> None:
    """Make sure that a directory is an upstream checkout that our C++ compiles against.

    Raises:
        ToolError: Files are missing, or it is too old.
    """
    hint = build_hint(target) if target is not None else None
    if not (checkout / _MICRO).is_dir():
        raise ToolError(f"{checkout} is no checkout of tflite-micro: it has no {_MICRO}", hint=hint)
    missing = [name for name in _NEEDED if not (checkout / name).is_file()]
    if missing:
        raise ToolError(
            f"the checkout {checkout} is not complete, it lacks: {', '.join(missing)}", hint=hint
        )
    lacking = [name for name, header in _API if not _mentions(checkout / header, (name,))]
    if lacking:
        raise ToolError(
            f"the checkout {checkout} is too old: its headers have no {', '.join(lacking)} "
            f"({_TRIED})",
            hint="update it (git pull) and build the library again",
        )


def check_operators(checkout: Path, resolver_source: str) -> None:
    """Make sure that a checkout has every method that the generated resolver calls.

    Args:
        checkout: A complete checkout.
        resolver_source: Text of the project's ``model/tcm_ops.h``.

    Raises:
        ToolError: Methods are missing; all of them are named.
    """
    header = checkout / _MICRO / "micro_mutable_op_resolver.h"
    methods = sorted(set(re.findall(r"\bresolver\.(Add\w+)\(", resolver_source)))
    lacking = [name for name in methods if not _mentions(header, (f"{name}(",))]
    if lacking:
        raise ToolError(
            f"the checkout {checkout} is too old for this model: its resolver has no "
            f"{', '.join(lacking)} ({_TRIED})",
            hint="update it (git pull) and build the library again",
        )


def checkout_commit(checkout: Path) -> str | None:
    """The commit of a checkout, with ``+changes`` where tracked files differ; None without git."""
    if not (checkout / ".git").exists():
        return None
    git = ("git", "-C", str(checkout))
    try:
        commit = _proc.run((*git, "rev-parse", "HEAD"), timeout_s=_GIT_TIMEOUT_S).stdout.strip()
        changed = _proc.run(
            (*git, "status", "--porcelain", "--untracked-files=no"), timeout_s=_GIT_TIMEOUT_S
        ).stdout.strip()
    except ToolError:
        # git may be missing, or refuse another user's directory; the build works all the same.
        return None
    return f"{commit}+changes" if changed else commit


def build_hint(target: TflmTarget) -> str:
    """What to type to get the library, from nothing."""
    return (
        "git clone https://github.com/tensorflow/tflite-micro, and in that directory: "
        f"{target.make_command}; then --tflm-dir DIRECTORY (or {VARIABLE}=DIRECTORY)"
    )


def _preference(library: TflmLibrary, target: TflmTarget) -> tuple[bool, int, str]:
    order = (
        _BUILD_TYPES.index(library.build_type)
        if library.build_type in _BUILD_TYPES
        else len(_BUILD_TYPES)
    )
    return library.target_arch != target.target_arch, order, str(library.path)


def _none_fits(
    checkout: Path, found: Iterable[TflmLibrary], cpu: Cpu, target: TflmTarget
) -> ToolError:
    hint = f"in {checkout}: {target.make_command}"
    others = [
        f"{library.path.parent.parent.name} {', '.join(library.target.problems(cpu))}"
        for library in found
    ]
    if not others:
        return ToolError(
            f"the checkout {checkout} holds no {LIBRARY} with CMSIS-NN kernels for Cortex-M "
            f"(looked for {target.library})",
            hint=hint,
        )
    return ToolError(
        "\n  - ".join((f"no library in {checkout} is for this board:", *others)), hint=hint
    )


def _mentions(header: Path, names: Iterable[str]) -> bool:
    try:
        text = header.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ToolError(f"cannot read {header}: {os_reason(error)}") from error
    return all(name in text for name in names)
