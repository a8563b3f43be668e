"""Pruning while ``fit`` runs, with everything that it needs, and checkpoints that are sparse.

TF-MOT's wrappers need ``UpdatePruningStep`` in the list, mask the weights only in the forward pass
and at the end of an epoch, and a checkpoint that is written before that is not sparse
(tensorflow/model-optimization#206). They exist for tf_keras alone. Models without wrappers, of
either Keras, are pruned here by :class:`MagnitudePruning`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _tf
from tinycompress.callbacks.base import EitherKerasCallback, keras_module
from tinycompress.compression.network.kernels import MIXING
from tinycompress.compression.stages.masks import magnitude_mask
from tinycompress.errors import ConfigError

_WRAPPER = "PruneLowMagnitude"
_SHORT_OF_TARGET = 0.01


def pruning_callbacks(
    model: Any,
    *,
    sparsity: float | None = None,
    skip: Sequence[str] = (),
    checkpoint: str | Path | None = None,
    log_dir: str | Path | None = None,
    verbose: int | None = None,
    **checkpoint_options: Any,
) -> list[Any]:
    """Everything that a ``fit`` needs to prune, in a working order.

    Args:
        model: The model that is to be fitted. Where layers of it are wrapped by
            ``prune_low_magnitude``, TF-MOT prunes as their schedules say.
        sparsity: Share of zeros, for a model without wrappers; must be left out with them.
        skip: Names of layers that stay dense, for a model without wrappers.
        checkpoint: File name for a ModelCheckpoint whose weights are masked before they are saved.
        log_dir: Directory for TensorBoard, with the sparsity of every epoch.
        verbose: 0 is silent; None does as ``fit`` does.
        checkpoint_options: Further arguments of Keras's ``ModelCheckpoint``.

    Returns:
        Callbacks of the model's Keras.

    Raises:
        ConfigError: No Keras model, or arguments that do not go with it.
    """
    kind = _tf.keras_of(model)
    if kind is None:
        raise ConfigError(f"{type(model).__name__} is no Keras model")
    module = keras_module(kind)
    masks = _masks(model, sparsity, skip, verbose)
    found: list[Any] = [masks]
    if isinstance(masks, KeepMasks):
        found.insert(0, _tf.tfmot().sparsity.keras.UpdatePruningStep())
    if log_dir is not None:
        found.append(_summaries(module, masks, str(log_dir)))
    if checkpoint is not None:
        found.append(_checkpoint(module, masks, str(checkpoint), checkpoint_options))
    return found


def _masks(
    model: Any, sparsity: float | None, skip: Sequence[str], verbose: int | None
) -> MagnitudePruning | KeepMasks:
    if list(_wrappers(model)):
        if sparsity is not None or skip:
            raise ConfigError(
                "pruning_callbacks: the model's pruning wrappers have schedules of their own",
                hint="leave sparsity and skip out, or pass the model without wrappers",
            )
        return KeepMasks(verbose=verbose)
    if sparsity is None:
        raise ConfigError(
            "pruning_callbacks: no layer of the model is wrapped by prune_low_magnitude, and no"
            " sparsity is given",
            hint="pruning_callbacks(model, sparsity=0.5)",
        )
    masks = MagnitudePruning(sparsity, skip=skip, verbose=verbose)
    _prunable(model, skip)  # says now what is wrong, not at the start of the training
    return masks


class MagnitudePruning(EitherKerasCallback):
    """Make the smallest weights of every kernel zero, more of them each epoch, and keep them so.

    The sparsity rises as in TF-MOT's polynomial schedule, from 0 in the first epoch to
    ``sparsity`` in epoch ``ramp`` of all epochs. ``sparsity`` in the logs is what is reached.

    Args:
        sparsity: Share of zeros at the end, above 0 and below 1.
        ramp: Share of the epochs in which it rises, above 0, to 1; the rest is fine-tuning.
        skip: Names of layers that stay dense.
        verbose: 0 is silent; None does as ``fit`` does.

    Raises:
        ConfigError: A value out of range.
    """

    def __init__(
        self,
        sparsity: float,
        *,
        ramp: float = 0.6,
        skip: Sequence[str] = (),
        verbose: int | None = None,
    ) -> None:
        super().__init__(verbose=verbose)
        if not 0 < sparsity < 1:
            raise ConfigError(
                f"MagnitudePruning: sparsity is {sparsity:g}; allowed: above 0 and below 1"
            )
        if not 0 < ramp <= 1:
            raise ConfigError(f"MagnitudePruning: ramp is {ramp:g}; allowed: above 0, to 1")
        self.sparsity = sparsity
        self.ramp = ramp
        self.skip = tuple(skip)
        self._masks: list[tuple[Any, npt.NDArray[np.bool_]]] = []

    def on_train_begin(self, logs: Any = None) -> None:
        """Find the kernels; zeros that they have already are kept.

        Raises:
            ConfigError: Nothing to prune, or an unknown name in ``skip``.
        """
        kernels = _prunable(self.model, self.skip)
        self._masks = [(kernel, kernel.numpy() != 0) for kernel in kernels]

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Choose which weights are zero from here on."""
        rising = max(1, round(self.ramp * int(self.params.get("epochs") or 1)))
        share = min(1.0, (epoch + 1) / rising)
        target = self.sparsity * (1.0 - (1.0 - share) ** 3)
        for index, (kernel, before) in enumerate(self._masks):
            masked = kernel.numpy() * before
            self._masks[index] = (kernel, before & magnitude_mask(masked, target))
        self.apply()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Put back what the optimizer moved."""
        self.apply()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Log the share of zeros of all kernels together."""
        self.apply()
        if logs is not None:
            logs["sparsity"] = self.reached()

    def apply(self) -> None:
        """Make masked weights zero."""
        for kernel, mask in self._masks:
            kernel.assign(kernel.numpy() * mask)

    def reached(self) -> float:
        """Share of zeros of all kernels together."""
        return _sparsity([kernel.numpy() for kernel, _ in self._masks])


class KeepMasks(EitherKerasCallback):
    """What TF-MOT's wrappers leave open: weights that are zero when looked at, and the truth.

    Masks are applied to the weights themselves after every epoch, ``sparsity`` is logged, and at
    the end it is told which layers did not become as sparse as their schedules say.
    """

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Apply the masks and log the share of zeros."""
        self.apply()
        if logs is not None:
            logs["sparsity"] = self.reached()

    def on_train_end(self, logs: Any = None) -> None:
        """Tell of layers that were pruned less than was asked."""
        self.apply()
        for wrapper in _wrappers(self.model):
            schedule = wrapper.pruning_schedule.get_config()["config"]
            wanted = schedule.get("final_sparsity", schedule.get("target_sparsity", 0.0))
            reached = _sparsity([weight.numpy() for weight, _, _ in wrapper.pruning_vars])
            if reached < wanted - _SHORT_OF_TARGET:
                self.say(
                    f"pruning: layer {wrapper.layer.name!r} has {reached:.1%} zeros,"
                    f" {wanted:.1%} were asked for; its schedule acts at every"
                    f" {schedule['frequency']}th step from {schedule['begin_step']} on, and the"
                    f" training had {int(wrapper.pruning_step.numpy())} steps"
                )

    def apply(self) -> None:
        """Make masked weights zero."""
        for wrapper in _wrappers(self.model):
            for weight, mask, _ in wrapper.pruning_vars:
                weight.assign(weight.numpy() * mask.numpy())

    def reached(self) -> float:
        """Share of zeros of all wrapped kernels together."""
        wrappers = _wrappers(self.model)
        return _sparsity([w.numpy() for wrapper in wrappers for w, _, _ in wrapper.pruning_vars])


def without_wrappers(model: Any) -> Any:
    """The model that is deployed: without TF-MOT's pruning wrappers, on the same weights.

    A wrapper assigns the masked weights even in inference, which cannot be converted.

    Returns:
        The model itself if nothing is wrapped.
    """
    if _tf.keras_of(model) != "tf_keras" or not list(_wrappers(model)):
        return model
    with _tf.quiet():
        return _tf.tfmot().sparsity.keras.strip_pruning(model)


def _checkpoint(
    module: Any, masks: MagnitudePruning | KeepMasks, path: str, options: dict[str, Any]
) -> Any:
    class SparseCheckpoint(module.callbacks.ModelCheckpoint):  # type: ignore[misc]
        """A ModelCheckpoint that never saves a weight which is masked."""

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self.save_freq != "epoch":
                masks.apply()
            super().on_train_batch_end(batch, logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            masks.apply()
            super().on_epoch_end(epoch, logs)

    return SparseCheckpoint(path, **options)


def _summaries(module: Any, masks: MagnitudePruning | KeepMasks, log_dir: str) -> Any:
    if importlib.util.find_spec("tensorboard") is None:
        raise ConfigError(
            "pruning_callbacks: log_dir needs the Python package tensorboard, which is not"
            " installed",
            hint="pip install tensorboard, or leave log_dir out and read `sparsity` in the logs",
        )
    if isinstance(masks, KeepMasks):
        return _tf.tfmot().sparsity.keras.PruningSummaries(log_dir=log_dir)
    return module.callbacks.TensorBoard(log_dir=log_dir)


def _prunable(model: Any, skip: Sequence[str]) -> list[Any]:
    layers = list(_layers(model))
    unknown = sorted(set(skip) - {layer.name for layer in layers})
    if unknown:
        names = ", ".join(repr(name) for name in unknown)
        raise ConfigError(f"MagnitudePruning: skip names {names}, which the model does not have")
    kernels = [
        layer.kernel
        for layer in layers
        if any(cls.__name__ in MIXING for cls in type(layer).__mro__)
        and layer.name not in skip
        and layer.built
    ]
    if not kernels:
        raise ConfigError(
            "MagnitudePruning: no layer is left to prune",
            hint=f"prunable are {', '.join(sorted(MIXING))} in a model that is built",
        )
    return kernels


def _wrappers(model: Any) -> Iterator[Any]:
    # Wrapped layers without a kernel, such as Flatten, have nothing to prune.
    return (
        layer for layer in _layers(model) if type(layer).__name__ == _WRAPPER and layer.pruning_vars
    )


def _layers(model: Any) -> Iterator[Any]:
    """All layers, those of nested models as well; a shared one once."""
    seen: set[int] = set()
    waiting = list(model.layers)
    while waiting:
        layer = waiting.pop(0)
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        if hasattr(layer, "layers"):
            waiting += layer.layers
        else:
            yield layer


def _sparsity(kernels: list[npt.NDArray[Any]]) -> float:
    zeros = sum(int(np.sum(kernel == 0)) for kernel in kernels)
    return zeros / sum(kernel.size for kernel in kernels)
