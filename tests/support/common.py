"""Helpers that test modules import; fixtures are in conftest.py."""

from __future__ import annotations

import glob
import os
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import pytest

from tinycompress._tf import QUANTIZED_LAYERS

ROOT = Path(__file__).resolve().parents[2]
EXECUTABLES = {
    "gcc": "arm-none-eabi-gcc",
    "qemu": "qemu-system-arm",
    "host-cc": "cc",
    "cmake": "cmake",
    "clang-format": "clang-format",
    "browser": "chromium",
    "postgres": "postgres",
    "bash": "bash",
    "zsh": "zsh",
    "fish": "fish",
}
# Debian keeps the server programs of PostgreSQL out of the path.
_PLACES_BESIDE_PATH = {"postgres": "/usr/lib/postgresql/*/bin"}


def missing(what: str) -> NoReturn:
    """Skip the running test, or fail it where TC_REQUIRE_TOOLS=1 forbids to skip."""
    if os.environ.get("TC_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{what} is missing, and TC_REQUIRE_TOOLS=1 forbids to skip")
    pytest.skip(f"{what} is missing")


def require_tool(name: str) -> str:
    """Path of a tool named in EXECUTABLES; skips or fails the test where it is missing."""
    beside = glob.glob(_PLACES_BESIDE_PATH[name]) if name in _PLACES_BESIDE_PATH else []
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *sorted(beside)])
    path = shutil.which(EXECUTABLES[name], path=places)
    if path is None:
        missing(EXECUTABLES[name])
    return path


def require_package(name: str) -> None:
    """Skip the running test where a package of QUANTIZED_LAYERS is not on the path.

    No environment has all of them. `make test-fixed-point` puts one after the other on the path and
    names it in TC_REQUIRE_PACKAGE: there its tests fail without it.
    """
    try:
        metadata.version(QUANTIZED_LAYERS[name])
    except metadata.PackageNotFoundError:
        if os.environ.get("TC_REQUIRE_PACKAGE") == name:
            pytest.fail(f"{QUANTIZED_LAYERS[name]} is not on the path")
        pytest.skip(f"{QUANTIZED_LAYERS[name]} is not on the path: make test-fixed-point has it")


def replace_everywhere(
    monkeypatch: pytest.MonkeyPatch, name: str, old: object, new: object
) -> None:
    """Give every module that has taken a name over another value for it."""
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is old:
            monkeypatch.setattr(module, name, new)
