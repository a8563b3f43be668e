"""Ending a training once the model fits its board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinycompress.callbacks.base import EitherKerasCallback
from tinycompress.deploy.budgets import Budgets
from tinycompress.errors import ConfigError


class StopWhenFits(EitherKerasCallback):
    """Stop as soon as the model fits the board and every budget, in so many epochs on end.

    It reads what a :class:`DeployabilityCallback` before it in the list wrote into the logs.

    Args:
        budgets: Limits besides those of the DeployabilityCallback, such as an accuracy to reach.
        epochs: So many epochs one after the other must fit.
        prefix: That of the DeployabilityCallback.
        verbose: 0 is silent; None does as ``fit`` does.

    Attributes:
        stopped_epoch: The epoch, counted from 0, after which it stopped; None if it did not.

    Raises:
        ConfigError: ``epochs`` is below 1, or an unknown budget.
    """

    def __init__(
        self,
        budgets: Budgets | Mapping[str, float] | None = None,
        *,
        epochs: int = 1,
        prefix: str = "deploy",
        verbose: int | None = None,
    ) -> None:
        super().__init__(verbose=verbose)
        if epochs < 1:
            raise ConfigError(f"StopWhenFits: epochs is {epochs}; allowed: 1 or more")
        self.budgets = Budgets.of(budgets)
        self.epochs = epochs
        self.prefix = prefix
        self.stopped_epoch: int | None = None
        self._in_a_row = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Start to count."""
        self.stopped_epoch, self._in_a_row = None, 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stop, or count this epoch.

        Raises:
            ConfigError: There is nothing in the logs to judge by.
        """
        start = f"{self.prefix}_"
        found = {k[len(start) :]: float(v) for k, v in (logs or {}).items() if k.startswith(start)}
        if "fits" not in found:
            raise ConfigError(
                f"StopWhenFits: there is no {start}fits in the logs; a DeployabilityCallback must"
                " come before it",
                hint="model.fit(..., callbacks=order_callbacks([...]))",
            )
        fits = found["fits"] == 1.0 and not self.budgets.exceeded(found)
        self._in_a_row = self._in_a_row + 1 if fits else 0
        if self._in_a_row >= self.epochs:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            self.say(f"{self.prefix}: epoch {epoch + 1} fits; training stops")
