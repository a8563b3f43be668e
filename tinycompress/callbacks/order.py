"""Ordering callbacks so that each finds the logs that it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tinycompress.callbacks.deployability import DeployabilityCallback
from tinycompress.callbacks.stop import StopWhenFits
from tinycompress.errors import ConfigError

_CHANGE_WEIGHTS = frozenset(
    {"UpdatePruningStep", "MagnitudePruning", "KeepMasks", "SwapEMAWeights"}
)


def order_callbacks(callbacks: Iterable[Any]) -> list[Any]:
    """Put callbacks in a working order; those of one kind keep theirs.

    What changes weights comes first, then what measures them, then :class:`StopWhenFits`, and last
    what reads the logs: ModelCheckpoint, EarlyStopping, CSVLogger, TensorBoard, your own.

    Args:
        callbacks: Callbacks for one ``fit``.

    Raises:
        ConfigError: Two DeployabilityCallbacks would write the same keys, or a StopWhenFits has
            none to read from.
    """
    listed = list(callbacks)
    prefixes = Counter(c.prefix for c in listed if isinstance(c, DeployabilityCallback))
    for prefix, count in prefixes.items():
        if count > 1:
            raise ConfigError(
                f"{count} DeployabilityCallbacks write {prefix}_* into the logs",
                hint="give each one a prefix of its own: prefix='nano33'",
            )
    for callback in listed:
        if isinstance(callback, StopWhenFits) and callback.prefix not in prefixes:
            raise ConfigError(
                f"StopWhenFits reads {callback.prefix}_* from the logs, and no"
                " DeployabilityCallback writes it",
                hint="add DeployabilityCallback(board, calibration) to the list",
            )
    return sorted(listed, key=_rank)


def _rank(callback: Any) -> int:
    if any(cls.__name__ in _CHANGE_WEIGHTS for cls in type(callback).__mro__):
        return 0
    if isinstance(callback, DeployabilityCallback):
        return 1
    return 2 if isinstance(callback, StopWhenFits) else 3
