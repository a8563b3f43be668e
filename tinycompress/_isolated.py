"""Calling a module of ours in a process of its own: requests and replies are files in a directory.

The module's ``main(directory)`` leaves its answer in ``reply.json`` with :func:`write_reply`.
Errors that a user can cause cross the border as what they are.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinycompress import _proc, errors

_LOG = logging.getLogger(__name__)
_REPLY = "reply.json"


def call(module: str, directory: Path, *, timeout_s: float, hint: str) -> dict[str, Any]:
    """Run ``python -m module directory`` and return its reply.

    Args:
        module: Name of the module.
        directory: Where its request is, and its reply will be.
        timeout_s: Seconds after which the process is ended.
        hint: Hint for the error if the process fails without a reply.

    Raises:
        TinyCompressError: What the module raised, as the same class.
        ToolError: The process crashed or took too long.
    """
    finished = _proc.run(
        [sys.executable, "-m", module, directory],
        timeout_s=timeout_s,
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        hint=hint,
    )
    _LOG.debug("%s: %s", module, finished.stderr)
    reply: dict[str, Any] = json.loads((directory / _REPLY).read_text(encoding="utf-8"))
    if "error" in reply:
        raise _error(reply)
    return reply


def write_reply(directory: Path, answer: Callable[[], dict[str, Any]]) -> None:
    """Leave the answer, or the error that a user can cause, in a directory."""
    try:
        reply = answer()
    except errors.TinyCompressError as error:
        reasons = error.reasons if isinstance(error, errors.ModelError) else ()
        reply = {
            "error": type(error).__name__,
            "message": error.message.removesuffix("".join(f"\n  - {line}" for line in reasons)),
            "reasons": reasons,
            "hint": error.hint,
        }
        if isinstance(error, errors.DeviceError):
            reply["phase"] = error.phase
            reply["message"] = error.message.removesuffix(f" (phase: {error.phase})")
    (directory / _REPLY).write_text(json.dumps(reply), encoding="utf-8")


def _error(reply: dict[str, Any]) -> errors.TinyCompressError:
    raised: Any = getattr(errors, reply["error"], errors.TinyCompressError)
    more: dict[str, Any] = {}
    if raised is errors.ModelError:
        more["reasons"] = tuple(reply["reasons"])
    if raised is errors.DeviceError:
        more["phase"] = reply["phase"]
    error: errors.TinyCompressError = raised(reply["message"], hint=reply["hint"], **more)
    return error
