"""A callback for models of either Keras: it gets its base class when it gets its model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, TypeVar

from tinycompress import _tf
from tinycompress._console import messages_console
from tinycompress._tf import KerasName
from tinycompress.errors import ConfigError

_Hook = TypeVar("_Hook", bound=Callable[..., None])


def _default(hook: _Hook) -> _Hook:
    # How both Kerases mark hooks that need not be called.
    hook._is_default = True  # type: ignore[attr-defined]
    return hook


class EitherKerasCallback:
    """Base of callbacks that work on a ``keras.Model`` as well as on a ``tf_keras.Model``.

    Until ``set_model`` nobody knows which Keras it is for. From then on the object is an instance
    of that Keras's own ``Callback``, too; everything that is not overridden comes from there.
    """

    _plain: ClassVar[type[EitherKerasCallback] | None] = None
    model: Any
    params: dict[str, Any]

    def __init__(self, *, verbose: int | None = None) -> None:
        self.params = {}
        self._verbose = verbose

    def set_params(self, params: dict[str, Any] | None) -> None:
        """Take what ``fit`` says of this training."""
        self.params = dict(params or {})

    def set_model(self, model: Any) -> None:
        """Take the model, and become a callback of its Keras.

        Raises:
            ConfigError: It is no Keras model.
        """
        kind = _tf.keras_of(model)
        if kind is None:
            raise ConfigError(
                f"{type(model).__name__} is no Keras model",
                hint="pass the callback to fit() of a keras.Model or a tf_keras.Model",
            )
        base = keras_module(kind).callbacks.Callback
        params = self.params
        plain: Any = self._plain or type(self)
        self.__class__ = _bound(plain, base)
        base.__init__(self)
        base.set_model(self, model)
        self.params = params

    # Keras 3 looks at these before it hands over the model.

    @_default
    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Nothing."""

    @_default
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Nothing."""

    @_default
    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Nothing."""

    @_default
    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Print a line on stderr, unless this callback or ``fit`` is silent."""
        # fit's own "auto" counts as loud.
        verbose = self.params.get("verbose", 1) if self._verbose is None else self._verbose
        if verbose != 0:
            messages_console().print(line, markup=False, soft_wrap=True)


def keras_module(kind: KerasName) -> Any:
    """The module ``keras`` or ``tf_keras``."""
    return _tf.keras() if kind == "keras" else _tf.tf_keras()


@cache
def _bound(plain: Any, base: Any) -> Any:
    names = {"_plain": plain, "__module__": plain.__module__, "__doc__": plain.__doc__}
    return type(plain.__name__, (plain, base), names)
