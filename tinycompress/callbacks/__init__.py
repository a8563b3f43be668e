"""Keras callbacks, for Keras 3 and tf_keras alike: what a model in training would be on a board."""

from __future__ import annotations

from tinycompress.callbacks.deployability import DeployabilityCallback
from tinycompress.callbacks.order import order_callbacks
from tinycompress.callbacks.pruning import MagnitudePruning, pruning_callbacks
from tinycompress.callbacks.stop import StopWhenFits
from tinycompress.deploy.budgets import Budgets

__all__ = [
    "Budgets",
    "DeployabilityCallback",
    "MagnitudePruning",
    "StopWhenFits",
    "order_callbacks",
    "pruning_callbacks",
]
