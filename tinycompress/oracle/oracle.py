"""Run a model on the runtime whose output bytes the firmware must reproduce.

Two runtimes, which differ from each other by an LSB or two on some models:

- ``tflm``: the stock kernels of TensorFlow Lite Micro (the ``tflite-micro`` package).
- ``litert``: LiteRT's reference kernels (``ai-edge-litert``, resolver ``BUILTIN_REF``).

Either is C++ that may crash on a model, so it runs in a process of its own; neither loads
TensorFlow.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ExactTo, TensorSpec
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs, output_specs
from tinycompress.ir.state import has_state
from tinycompress.oracle.process import WorkerError, acquire, release
from tinycompress.oracle.wire import arrays, describe

_NAMES: dict[ExactTo, str] = {"tflm": "TensorFlow Lite Micro", "litert": "LiteRT"}


class Oracle:
    """One model on one runtime. Not for use from several threads at once.

    Args:
        tflite: The whole ``.tflite`` file.
        exact_to: Which runtime.
        timeout_s: Seconds after which loading or one inference is given up.
        keep_tensors: Whether the values between the operators are kept, for `trace`. Costs memory.

    Raises:
        ModelError: The file is damaged, or this runtime refuses it, crashes on it or hangs.

    Attributes:
        inputs: The model's inputs, in order.
        outputs: The model's outputs, in order.
    """

    def __init__(
        self,
        tflite: bytes,
        exact_to: ExactTo,
        *,
        timeout_s: float = 120.0,
        keep_tensors: bool = False,
    ) -> None:
        if exact_to not in _NAMES:
            raise ConfigError(f"unknown oracle '{exact_to}' (allowed: {', '.join(_NAMES)})")
        model = read_model(tflite)
        self.exact_to: ExactTo = exact_to
        self.inputs: tuple[TensorSpec, ...] = input_specs(model.main)
        self.outputs: tuple[TensorSpec, ...] = output_specs(model.main)
        self._resets_state = model.resets_state
        self._timeout_s = timeout_s
        self._keep_tensors = keep_tensors
        self._worker = acquire(exact_to)
        self._release = weakref.finalize(self, release, self._worker)
        load = {
            "command": "load",
            "outputs": len(self.outputs),
            "has_state": has_state(model),
            "keep_tensors": keep_tensors,
        }
        try:
            self._ask(load, [tflite])
        except ModelError as error:
            other: ExactTo = "litert" if exact_to == "tflm" else "tflm"
            if _loads(load, tflite, other, timeout_s):
                error.hint = f"try the other oracle: --exact-to {other}"
            raise

    def run(self, *inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """One inference from the initial state.

        Args:
            inputs: One array per input, of the stored dtype and the shape in ``inputs``.

        Returns:
            One array per output, of the stored dtype and the shape that the runtime gives.

        Raises:
            ConfigError: Number, dtype or shape of the arrays is wrong.
            ModelError: The runtime failed.
        """
        return self._run(inputs, fresh=True)

    def step(self, *inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """As `run`, but from the state that the previous `run` or `step` left.

        A model that resets its state leaves none: `run` and `step` are the same.
        """
        return self._run(inputs, fresh=self._resets_state)

    def trace(
        self, *inputs: npt.NDArray[Any], tensors: Sequence[int]
    ) -> tuple[npt.NDArray[Any], ...]:
        """As `run`, but the values of some tensors of the main subgraph instead of the outputs.

        Args:
            inputs: As in `run`.
            tensors: Indices of tensors that are no constants.

        Raises:
            ConfigError: As `run`, or the oracle was not told to keep them.
            ModelError: The runtime failed.
        """
        if not self._keep_tensors:
            raise ConfigError("the oracle was not told to keep tensors: keep_tensors=True")
        values = self._run(inputs, fresh=True, tensors=tensors)
        return values[len(self.outputs) :]

    def close(self) -> None:
        """Give the process back; also done when the oracle is garbage. No run after that."""
        self._release()

    def _run(
        self, inputs: Sequence[npt.NDArray[Any]], *, fresh: bool, tensors: Sequence[int] = ()
    ) -> tuple[npt.NDArray[Any], ...]:
        if not self._release.alive:
            raise ConfigError("the oracle was closed")
        stored = [np.asarray(array, order="C") for array in self._checked(inputs)]
        header = {
            "command": "run", "fresh": fresh, "arrays": describe(stored), "tensors": list(tensors),
        }  # fmt: skip
        reply, payloads = self._ask(header, [array.tobytes() for array in stored])
        return tuple(arrays(reply["arrays"], payloads))

    def _checked(self, inputs: Sequence[npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]]:
        if len(inputs) != len(self.inputs):
            raise ConfigError(f"got {len(inputs)} arrays for the model's {len(self.inputs)} inputs")
        for array, spec in zip(inputs, self.inputs, strict=True):
            if array.shape != spec.shape or array.dtype.name != spec.dtype:
                raise ConfigError(
                    f"input '{spec.name}' got {array.dtype.name}{list(array.shape)}, expected"
                    f" {spec.dtype}{list(spec.shape)}"
                )
        return inputs

    def _ask(
        self, header: dict[str, Any], payloads: list[bytes]
    ) -> tuple[dict[str, Any], list[bytes]]:
        try:
            return self._worker.ask(header, payloads, self._timeout_s)
        except WorkerError as error:
            raise ModelError(
                f"{_NAMES[self.exact_to]} does not run this model: {error}",
                hint="docs/SUPPORTED_OPS.md lists which runtime has which operator",
            ) from error


def _loads(load: dict[str, Any], tflite: bytes, exact_to: ExactTo, timeout_s: float) -> bool:
    """Whether a runtime takes a model at all."""
    worker = acquire(exact_to)
    try:
        worker.ask(load, [tflite], timeout_s)
    except WorkerError:
        return False
    finally:
        release(worker)
    return True
