"""The process that an oracle's C++ runs in: reads messages on stdin, answers on stdout.

Started as ``python -m tinycompress.oracle.worker tflm|litert``. It is a process of its own because
these runtimes abort or crash on some models that they do not support, and write to the terminal.
It ends when its stdin does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import IO, Any, Protocol

import numpy.typing as npt

from tinycompress.oracle.wire import arrays, describe, receive, send

_ARENA_BYTES = (64 << 20, 1 << 30)
_LOG_BYTES = 4096


class _Runtime(Protocol):
    def invoke(self, inputs: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]: ...

    def tensor(self, index: int) -> npt.NDArray[Any]: ...


def _tflm_runtime() -> Any:
    try:
        from tflite_micro.python.tflite_micro import runtime
    except ModuleNotFoundError as error:
        raise RuntimeError(
            f"the package tflite-micro is not installed ({error}); it is made for Linux on x86_64"
            " alone, elsewhere take --exact-to litert"
        ) from error
    return runtime


class _Tflm:
    """Stock TensorFlow Lite Micro kernels."""

    def __init__(self, tflite: bytes, outputs: int, *, keep: bool) -> None:
        runtime = _tflm_runtime()
        self._outputs = outputs
        kinds = runtime.InterpreterConfig
        config = kinds.kPreserveAllTensors if keep else kinds.kAllocationRecording
        for arena_bytes in _ARENA_BYTES:
            try:
                # Pages of the arena that are never touched cost nothing.
                self._interpreter = runtime.Interpreter.from_bytes(
                    tflite, arena_size=arena_bytes, intrepreter_config=config
                )
                return
            except RuntimeError:
                if "memory" not in _log() or arena_bytes == _ARENA_BYTES[-1]:
                    raise

    def invoke(self, inputs: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        for index, array in enumerate(inputs):
            self._interpreter.set_input(array, index)
        self._interpreter.invoke()
        return [self._interpreter.get_output(index) for index in range(self._outputs)]

    def tensor(self, index: int) -> npt.NDArray[Any]:
        """Value of a tensor of the main subgraph after an inference."""
        value: npt.NDArray[Any] = self._interpreter.GetTensor(index, 0)["tensor_data"].copy()
        return value


def _run_in_arena(tflite: bytes, arena_bytes: int, inputs: Sequence[npt.NDArray[Any]]) -> None:
    """One inference in an arena of just this size; raises where that does not suffice."""
    runtime = _tflm_runtime()
    interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=arena_bytes)
    for index, array in enumerate(inputs):
        interpreter.set_input(array, index)
    interpreter.invoke()


class _LiteRt:
    """LiteRT with its reference kernels: the default resolver's XNNPACK gives other bytes."""

    def __init__(self, tflite: bytes, outputs: int, *, keep: bool) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        del outputs
        self._interpreter = Interpreter(
            model_content=tflite,
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=keep,
        )
        self._interpreter.allocate_tensors()
        self._inputs = [detail["index"] for detail in self._interpreter.get_input_details()]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def invoke(self, inputs: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        for index, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]

    def tensor(self, index: int) -> npt.NDArray[Any]:
        """Value of a tensor of the main subgraph after an inference."""
        value: npt.NDArray[Any] = self._interpreter.get_tensor(index)
        return value


_RUNTIMES: dict[str, type[_Tflm] | type[_LiteRt]] = {"tflm": _Tflm, "litert": _LiteRt}


class _Session:
    """The model at work, and how to make its interpreter anew."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._tflite = b""
        self._outputs = 0
        self._has_state = True
        self._keep_tensors = False
        self._runtime: _Runtime | None = None

    def answer(self, header: dict[str, Any], payloads: list[bytes]) -> list[npt.NDArray[Any]]:
        """Do what a message asks; output arrays for ``run``, none otherwise."""
        if header["command"] == "load":
            self._tflite = payloads[0]
            self._outputs = header["outputs"]
            self._has_state = header["has_state"]
            self._keep_tensors = header["keep_tensors"]
            self._start()
            return []
        if header["command"] == "run in arena":
            tflite, *inputs = payloads
            _run_in_arena(tflite, header["arena_bytes"], arrays(header["arrays"], inputs))
            return []
        if header["fresh"] and self._has_state:
            # The runtimes' own reset zeroes variables but does not run CALL_ONCE again.
            self._start()
        assert self._runtime is not None, "run before load"
        outputs = self._runtime.invoke(arrays(header["arrays"], payloads))
        return outputs + [self._runtime.tensor(index) for index in header["tensors"]]

    def _start(self) -> None:
        # The old interpreter goes first: two at once would need twice the memory.
        self._runtime = None
        self._runtime = _RUNTIMES[self._kind](self._tflite, self._outputs, keep=self._keep_tensors)


def _log() -> str:
    """What was written to file descriptor 2 during this command."""
    size = os.fstat(2).st_size
    os.lseek(2, max(0, size - _LOG_BYTES), os.SEEK_SET)
    # Reading leaves the place of the next message where it was, at the end.
    return os.read(2, _LOG_BYTES).decode(errors="replace")


def _serve(kind: str, requests: IO[bytes], replies: IO[bytes]) -> None:
    session = _Session(kind)
    while True:
        try:
            header, payloads = receive(requests)
        except EOFError:
            return
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)
        try:
            outputs = session.answer(header, payloads)
        # Whatever a runtime raises is its verdict on the model, and goes to the user as such.
        except Exception as error:
            send(replies, {"error": f"{type(error).__name__}: {error}", "log": _log()})
        else:
            send(replies, {"arrays": describe(outputs)}, [array.tobytes() for array in outputs])


def main() -> None:
    """Serve until stdin ends. File descriptor 2 is a file that can be read back."""
    replies = os.fdopen(os.dup(1), "wb")
    # What a runtime prints on stdout would garble the replies.
    os.dup2(2, 1)
    _serve(sys.argv[1], sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
