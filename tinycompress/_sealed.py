"""JSON objects that say by a hash of their own whether they were cut or edited since.

The key ``content_sha256`` holds the SHA-256 of all other keys, written as compact JSON in ASCII
with sorted keys. It is no signature: who edits an object can seal it again. It tells what was
edited by hand, cut by a full disk, or merged by a version control system.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SEAL = "content_sha256"


def sealed(table: Mapping[str, Any]) -> dict[str, Any]:
    """The object with its hash, which takes the place of an earlier one."""
    return {**table, SEAL: _digest(table)}


def is_sealed(table: Mapping[str, Any]) -> bool:
    """Whether an object has a hash at all."""
    return SEAL in table


def seal_problem(table: Mapping[str, Any]) -> str | None:
    """What is wrong with an object's hash, in words that follow its name; None if it is right."""
    if not is_sealed(table):
        return f"has no {SEAL} by which to tell whether it is as it was written"
    if table[SEAL] != _digest(table):
        return f"was edited or cut since it was written: its {SEAL} is that of other contents"
    return None


def _digest(table: Mapping[str, Any]) -> str:
    contents = {key: value for key, value in table.items() if key != SEAL}
    text = json.dumps(contents, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
