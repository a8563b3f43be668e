"""A function of the user that makes models: architecture search."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tinycompress._resources import model_functions_dir
from tinycompress.errors import ConfigError
from tinycompress.search.dimensions import Dimension, Value, overridden

_HINT = "def make(space): … return a keras.Model; see `tinycompress fit --help`"


# Within the class below these are the names of methods.
_Int: TypeAlias = int
_Float: TypeAlias = float


@dataclass
class ModelSpace:
    """What a model function asks for its parameters.

    Attributes:
        input_shape: Shape of one training sample.
        classes: How many classes the labels have; 0 where they are no class numbers.
        chosen: What was asked and chosen, by name.
    """

    trial: Any
    narrowing: Mapping[str, Any]
    input_shape: tuple[_Int, ...]
    classes: _Int
    chosen: dict[str, Value] = field(default_factory=dict)

    def int(self, name: str, low: _Int, high: _Int, *, step: _Int = 1, log: bool = False) -> _Int:
        """A whole number from ``low`` to ``high``."""
        dimension = Dimension(name, "int", low, high, None if log else step, log)
        value = self._ask(dimension)
        return int(value)

    def float(
        self, name: str, low: _Float, high: _Float, *, step: _Float | None = None, log: bool = False
    ) -> _Float:
        """A number from ``low`` to ``high``."""
        return float(self._ask(Dimension(name, "float", low, high, step, log)))

    def choice(self, name: str, choices: Any) -> Any:
        """One of some numbers, words or truth values."""
        return self._ask(Dimension(name, "choice", choices=tuple(choices)))

    def _ask(self, dimension: Dimension) -> Any:
        value = overridden(dimension, self.narrowing).suggest(self.trial)
        self.chosen[dimension.name] = value
        return value


def parse_function(text: str) -> tuple[Path, str]:
    """File and name of ``file.py:make``, or of a shipped template.

    Raises:
        ConfigError: It is neither, or the file is not there.
    """
    shipped = templates()
    if text in shipped:
        return shipped[text], "make"
    file, found, name = text.rpartition(":")
    if not found or not file.endswith(".py") or not name.isidentifier():
        raise ConfigError(
            f"model function {text!r}; allowed: FILE.py:FUNCTION, or {', '.join(sorted(shipped))}",
            hint=_HINT,
        )
    if not Path(file).is_file():
        raise ConfigError(f"there is no file {file}", hint=_HINT)
    return Path(file), name


def templates() -> dict[str, Path]:
    """The shipped model functions, by name."""
    return {path.stem: path for path in sorted(model_functions_dir().glob("*.py"))}


def load_function(path: Path, name: str) -> Callable[[ModelSpace], Any]:
    """The function of a file.

    Raises:
        ConfigError: The file cannot be run, or has no such function.
    """
    spec = importlib.util.spec_from_file_location("tinycompress_model_function", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} is no Python file", hint=_HINT)
    module = importlib.util.module_from_spec(spec)
    # So that what the file defines can be found by its own name, as dataclasses need.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(f"cannot run {path}: {type(error).__name__}: {error}") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise ConfigError(f"{path} has no function {name!r}", hint=_HINT)
    made: Callable[[ModelSpace], Any] = function
    return made


def made_by(function: Callable[[ModelSpace], Any], space: ModelSpace) -> Any:
    """The model that a function makes of what it asks for.

    Raises:
        ConfigError: It raises, or returns no Keras model.
    """
    import optuna

    try:
        model = function(space)
    except (ConfigError, optuna.exceptions.OptunaError):
        raise
    except Exception as error:
        raise ConfigError(
            f"the model function raised {type(error).__name__}: {error}", hint=_HINT
        ) from error
    if not (hasattr(model, "layers") and hasattr(model, "get_weights")):
        raise ConfigError(
            f"the model function returned {type(model).__name__}, no Keras model", hint=_HINT
        )
    return model
