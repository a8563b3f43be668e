"""What a study searches, as plain values that any machine can work on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tinycompress.artifacts import ExactTo
from tinycompress.boards import Board
from tinycompress.errors import ConfigError, os_reason
from tinycompress.search.goal import Goal

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class InputFile:
    """A file that candidates are made from.

    Attributes:
        path: Where it is on the machine that began the study.
        sha256: Of its contents.
        artifact: Its id in the study's artifact store; empty if it is not there.
    """

    path: str
    sha256: str
    artifact: str = ""

    @staticmethod
    def of(path: Path) -> InputFile:
        """A file as it is now.

        Raises:
            ConfigError: It cannot be read.
        """
        return InputFile(str(path.resolve()), sha256_of(path))


def sha256_of(path: Path) -> str:
    """Of a file's contents.

    Raises:
        ConfigError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error
    return digest.hexdigest()


@dataclass(frozen=True)
class Task:
    """A search: what of, for what, how.

    Attributes:
        model: The trained model; None where a function makes models.
        function: File and name of the function that makes models; None to compress ``model``.
        data: Training samples.
        val: Samples that accuracy is counted on; None puts a part of ``data`` aside.
        board: The board, as its file says: plain values.
        goal: What it is for.
        narrowing: What the user says of the space, see `dimensions.narrowed`.
        method: How it searches.
        sampler: Optuna's sampler of the method ``search``.
        seed: Of sampler and recipes.
        exact_to: Whose arithmetic the firmware reproduces.
        evaluation_samples: At most so many samples are run on every file; None: all.
        trials: How many trials the study is to have.
        artifacts: Where files go that other machines need: a directory or ``s3://bucket``.
    """

    data: InputFile
    board: Mapping[str, Any]
    goal: Goal
    model: InputFile | None = None
    function: tuple[InputFile, str] | None = None
    val: InputFile | None = None
    narrowing: Mapping[str, Any] = field(default_factory=dict)
    method: str = "search"
    sampler: str = "tpe"
    seed: int = 0
    exact_to: ExactTo = "tflm"
    evaluation_samples: int | None = 500
    trials: int = 40
    artifacts: str = ""

    @property
    def takes_starts(self) -> bool:
        """Whether it begins with starting points: a plan has its own, and chance needs none."""
        return self.method == "search" and self.sampler != "random"

    def files(self) -> dict[str, InputFile]:
        """The files, by what they are."""
        made = None if self.function is None else self.function[0]
        found = {"model": self.model, "data": self.data, "val": self.val, "function": made}
        return {name: file for name, file in found.items() if file is not None}

    def with_files(self, files: Mapping[str, InputFile]) -> Task:
        """The same with files elsewhere."""
        function = self.function
        if function is not None:
            function = (files["function"], function[1])
        return replace(
            self, model=files.get("model"), data=files["data"], val=files.get("val"),
            function=function,
        )  # fmt: skip

    def loaded_board(self) -> Board:
        """The board."""
        # As read from JSON, lists stand for the tuples of the board file.
        return Board.model_validate_json(json.dumps(self.board))

    def identity(self) -> dict[str, Any]:
        """What cannot change while a study goes on, in the words that users have for it."""
        hashes = {name: file.sha256 for name, file in self.files().items()}
        return {
            **{name: hashes.get(name) for name in ("model", "data", "val", "function")},
            "function name": None if self.function is None else self.function[1],
            "board": self.board,
            "budget or objective": self.goal.to_json(),
            "space": self.narrowing,
            "method": self.method,
            "sampler": self.sampler,
            "seed": self.seed,
            "exact_to": self.exact_to,
            "evaluation_samples": self.evaluation_samples,
        }

    def to_json(self) -> dict[str, Any]:
        """Plain values, with `identity`."""
        function = self.function
        return {
            "schema_version": SCHEMA_VERSION,
            "identity": self.identity(),
            "files": {name: asdict(file) for name, file in self.files().items()},
            "function": None if function is None else function[1],
            "trials": self.trials,
            "artifacts": self.artifacts,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Task:
        """The inverse of :meth:`to_json`."""
        told = value["identity"]
        files = {name: InputFile(**file) for name, file in value["files"].items()}
        function = None if value["function"] is None else (files["function"], value["function"])
        return Task(
            model=files.get("model"), data=files["data"], val=files.get("val"), function=function,
            board=told["board"], goal=Goal.from_json(told["budget or objective"]),
            narrowing=told["space"], method=told["method"], sampler=told["sampler"],
            seed=told["seed"], exact_to=told["exact_to"],
            evaluation_samples=told["evaluation_samples"], trials=value["trials"],
            artifacts=value["artifacts"],
        )  # fmt: skip
