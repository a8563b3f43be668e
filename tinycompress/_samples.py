"""Files of samples: an ``.npz``, and which of its arrays belong to which input of a model."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinycompress._lfs import HINT, IS_POINTER, is_lfs_pointer
from tinycompress.errors import ConfigError, os_reason

if TYPE_CHECKING:
    import numpy.typing as npt

# What numpy lets through when a file is damaged or something else.
_MALFORMED = (
    ValueError, EOFError, KeyError, NotImplementedError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
# How TensorFlow calls the input ``name`` of a SavedModel in a .tflite.
_DECORATED = re.compile(r"^serving_default_(.+?)(:0)?$")
_HINT = "numpy.savez('samples.npz', x=samples, y=labels) writes one"


def read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of a file.

    Raises:
        ConfigError: There is no such file, or it is no whole ``.npz`` of plain arrays.
    """
    import numpy as np  # the command line starts without

    if not path.exists():
        raise ConfigError(f"there is no data file at {path}", hint="check the path")
    if is_lfs_pointer(path):
        raise ConfigError(f"{path} {IS_POINTER}", hint=HINT)
    try:
        # Opened here, because numpy leaves a damaged file open. Without pickles: a data file must
        # not be able to run code.
        with path.open("rb") as raw:
            file = np.load(raw, allow_pickle=False)
            if isinstance(file, np.ndarray):
                raise ValueError("it is a single array (.npy)")
            with file:
                return {name: file[name] for name in file.files}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}", hint=_HINT) from error
    except _MALFORMED as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"{path} is not a usable .npz file: {reason}", hint=_HINT) from error


def arrays_of_inputs(arrays: Collection[str], inputs: Sequence[str]) -> tuple[str, ...] | None:
    """Which arrays hold the samples of a model's inputs, in the inputs' order; None: not all do.

    They are called ``x``, of a model with one input; like the inputs; or ``x0``, ``x1``, ....

    Args:
        arrays: The names in the file.
        inputs: The names of the model's inputs; how they are written in a ``.tflite``, whose
            names allow fewer characters, is as good.
    """
    if len(inputs) == 1 and "x" in arrays:
        return ("x",)
    by_letters = {_letters(name): name for name in arrays}
    named = [name if name in arrays else by_letters.get(_letters(name)) for name in inputs]
    found = tuple(name for name in named if name is not None)
    if len(set(found)) == len(inputs):
        return found
    numbered = tuple(f"x{index}" for index in range(len(inputs)))
    return numbered if set(numbered) <= set(arrays) else None


def accepted_names(inputs: Sequence[str]) -> str:
    """How the arrays of a model's inputs may be called, in words."""
    if len(inputs) == 1:
        return "'x'"
    numbered = ", ".join(f"'x{index}'" for index in range(len(inputs)))
    return f"{', '.join(repr(name) for name in inputs)} or {numbered}"


def _letters(name: str) -> str:
    decorated = _DECORATED.match(name)
    return re.sub(r"\W", "_", decorated[1] if decorated else name).strip("_")
