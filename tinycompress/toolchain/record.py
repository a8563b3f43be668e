"""``build.json``: what was built with what, kept beside the ELF that it describes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from tinycompress._tables import Table
from tinycompress.errors import ConfigError
from tinycompress.firmware.outputs import RECORD_FILE

SCHEMA: Literal["tinycompress.build"] = "tinycompress.build"
SCHEMA_VERSION: Literal[1] = 1

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Bytes = Annotated[int, Field(ge=0)]
_Kind = Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}$")]


class ToolchainRecord(Table):
    """Which compiler."""

    name: Literal["zig", "gcc"]
    version: str


class TflmRecord(Table):
    """Which build of TensorFlow Lite Micro was linked; ``commit`` is None without git."""

    commit: str | None
    target_arch: str
    build_type: str
    library_sha256: _Sha256


class FlashRecord(Table):
    """Flash of the ELF by category."""

    weights_bytes: _Bytes
    kernels_bytes: _Bytes
    runtime_bytes: _Bytes
    platform_bytes: _Bytes
    total_bytes: _Bytes


class RamRecord(Table):
    """RAM of the ELF; the stack as it is reserved."""

    arena_bytes: _Bytes
    static_bytes: _Bytes
    stack_reserved_bytes: _Bytes
    total_bytes: _Bytes


class BuildRecord(Table):
    """The whole file. ``images``: SHA-256 of ``firmware.<kind>`` by kind (bin, hex, uf2)."""

    schema_: Literal["tinycompress.build"] = Field(alias="schema")
    schema_version: Literal[1]
    board: str
    build_id: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    elf_sha256: _Sha256
    toolchain: ToolchainRecord
    flags: tuple[str, ...]
    flash: FlashRecord
    ram: RamRecord
    images: Mapping[_Kind, _Sha256]
    warnings: tuple[str, ...]
    tflm: TflmRecord | None = None

    def to_json(self) -> str:
        """The text of the file; the same for the same record."""
        left_out = {"tflm"} if self.tflm is None else None
        table = self.model_dump(mode="json", by_alias=True, exclude=left_out)
        return json.dumps(table, indent=2) + "\n"


@dataclass(frozen=True)
class RecordedFile:
    """A file of the build directory and the SHA-256 that it must have."""

    path: Path
    sha256: str

    def check(self) -> None:
        """Raises ConfigError unless the file is the recorded one."""
        try:
            found = hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError as error:
            raise ConfigError(
                f"cannot read {self.path}: {error.strerror}", hint=REBUILD_HINT
            ) from error
        if found != self.sha256:
            raise ConfigError(
                f"{self.path} is not the file that {RECORD_FILE} beside it describes (it was"
                " changed or built by hand since)",
                hint=REBUILD_HINT,
            )


REBUILD_HINT = "build the project again: tinycompress build"


def read_record(directory: Path) -> BuildRecord:
    """Read ``build.json`` of a build directory.

    Raises:
        ConfigError: There is none, or it is not one that this version writes.
    """
    path = directory / RECORD_FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"{directory.parent} has not been built: no {path}", hint=REBUILD_HINT
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint=REBUILD_HINT) from error
    try:
        return BuildRecord.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise ConfigError(
            f"{path} is not a build record: {where}: {problem['msg']}", hint=REBUILD_HINT
        ) from error
