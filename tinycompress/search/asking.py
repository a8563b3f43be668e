"""What a caller of `fit` asks for, checked before anything is begun."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress._files import write_bytes
from tinycompress.boards import load_board
from tinycompress.conversion.early import check_training_data
from tinycompress.errors import ConfigError
from tinycompress.search.dimensions import load_narrowing
from tinycompress.search.goal import Goal, goal_of
from tinycompress.search.methods.registry import METHODS
from tinycompress.search.methods.sampling import SAMPLERS
from tinycompress.search.model_function import parse_function
from tinycompress.search.task import InputFile, Task


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The arguments of `running.fit`, which documents them."""

    model: Any
    data: Any
    board: str | Path
    val: Any
    model_function: str | None
    latency_us: float | None
    ram_bytes: int | None
    flash_bytes: int | None
    min_accuracy: float | None
    max_accuracy_drop: float | None
    minimize: str | None
    maximize: str | None
    space: str | Path | Mapping[str, Any] | None
    method: str
    sampler: str
    seed: int
    trials: int
    evaluation_samples: int | None
    workers: int
    time_s: float | None

    def require_sound(self) -> None:
        """Refuse what can be refused at once.

        Raises:
            ConfigError: Something is missing, excludes something else, or is out of range.
        """
        if (self.model is None) == (self.model_function is None):
            raise ConfigError(
                "a search needs a model or a model function, one of both",
                hint="tinycompress fit MODEL …, or fit --model-function FILE.py:MAKE …",
            )
        if self.model_function is not None and self.max_accuracy_drop is not None:
            raise ConfigError(
                "max_accuracy_drop is counted from a trained model; a model function makes none",
                hint="say --min-accuracy",
            )
        for name, least in (("trials", 1), ("workers", 1), ("seed", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ConfigError(f"{name} is {value!r}; allowed: {least} or more")
        if self.time_s is not None and not self.time_s > 0:
            raise ConfigError(f"the time is {self.time_s!r} s; allowed: above 0")
        for name, allowed in (("method", METHODS), ("sampler", SAMPLERS)):
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name} {getattr(self, name)!r}; allowed: {', '.join(allowed)}")
        if self.method != "search" and (self.model_function or self.workers > 1):
            raise ConfigError(f"method {self.method!r} takes a model, and one worker")
        self.goal()

    def goal(self) -> Goal:
        """What the search is for.

        Raises:
            ConfigError: It excludes itself.
        """
        return goal_of(
            latency_us=self.latency_us, ram_bytes=self.ram_bytes, flash_bytes=self.flash_bytes,
            min_accuracy=self.min_accuracy, max_accuracy_drop=self.max_accuracy_drop,
            minimize=self.minimize, maximize=self.maximize,
        )  # fmt: skip


def default_output(model: Any, function: str | None, board: str | Path) -> Path:
    """Where a search goes of which nothing is said: named after model and board."""
    named = model if isinstance(model, str | Path) else (function or "model").partition(":")[0]
    return Path(f"{Path(named).stem}-{Path(board).stem}-fit")


def task_of_asked(asked: Asked, directory: Path) -> Task:
    """What is searched; models and arrays in memory are written to files in the directory.

    Raises:
        ConfigError: A file cannot be read, or is not what it is to be.
    """
    board = load_board(str(asked.board))
    inputs = directory / "inputs"
    model = None if asked.model is None else _model_file(asked.model, inputs)
    data = _data_file(asked.data, inputs / "data.npz", "data")
    val = None if asked.val is None else _data_file(asked.val, inputs / "val.npz", "val")
    if model is not None:
        check_training_data(model, [path for path in (data, val) if path is not None])
    function = None
    if asked.model_function is not None:
        path, name = parse_function(asked.model_function)
        function = (InputFile.of(path), name)
    space = asked.space
    narrowing = load_narrowing(Path(space)) if isinstance(space, str | Path) else dict(space or {})
    return Task(
        model=None if model is None else InputFile.of(model),
        function=function,
        data=InputFile.of(data),
        val=None if val is None else InputFile.of(val),
        board=json.loads(board.model_dump_json(by_alias=True)),
        goal=asked.goal(),
        narrowing=narrowing,
        method=asked.method,
        sampler=asked.sampler,
        seed=asked.seed,
        evaluation_samples=asked.evaluation_samples,
        trials=asked.trials,
    )


def _model_file(model: Any, inputs: Path) -> Path:
    if isinstance(model, str | Path):
        path = Path(model)
        if not path.is_file() or path.suffix not in (".keras", ".h5", ".hdf5"):
            what = "there is no file" if not path.exists() else "no Keras model file:"
            raise ConfigError(
                f"{what} {path}; a search takes a .keras or .h5 file",
                hint="save the trained model with model.save('model.keras')",
            )
        return path
    if not hasattr(model, "save"):
        raise ConfigError(f"{type(model).__name__} is no Keras model")
    # Keras writes the time into its files: equal models are one file by what they are.
    digest = hashlib.sha256(json.dumps(model.get_config(), sort_keys=True, default=str).encode())
    for weight in model.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    inputs.mkdir(parents=True, exist_ok=True)
    path = inputs / f"model-{digest.hexdigest()[:16]}.keras"
    if not path.exists():
        model.save(str(path))
    return path


def _data_file(data: Any, path: Path, what: str) -> Path:
    if isinstance(data, str | Path):
        return Path(data)
    if isinstance(data, tuple) and len(data) == 2:
        data = {"x": data[0], "y": data[1]}
    if not isinstance(data, Mapping) or not {"x", "y"} <= set(data):
        raise ConfigError(
            f"{what}: {type(data).__name__} cannot be handed to other processes",
            hint="pass an .npz with x and y, (x, y), or {'x': ..., 'y': ...}",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = BytesIO()
    np.savez(packed, x=np.asarray(data["x"]), y=np.asarray(data["y"]))
    write_bytes(path, packed.getvalue())
    return path
