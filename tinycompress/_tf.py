"""The one importer of tensorflow, keras, tf_keras and TF-MOT: lazily, quietly, and by name.

``keras`` here is Keras 3 and ``tf_keras`` is Keras 2; both live in one process. ``tf.keras`` is
never used, because an environment variable decides which of the two it is, and importing TF-MOT
sets that variable. None of these packages has type annotations, so the modules are typed Any.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal

from tinycompress.errors import ConfigError

KerasName = Literal["keras", "tf_keras"]
"""Which Keras a model belongs to: Keras 3 or Keras 2."""

QUANTIZED_LAYERS = {"qkeras": "qkeras-v3", "hgq": "hgq2"}
"""What pip calls the packages of quantised layers, by the names that Python calls them by."""

INSTALL_HINT = 'pip install "tinycompress-mcu[keras]"'

_LOG = logging.getLogger(__name__)
_STDERR = 2
_SILENT = "3"
_stderr_lock = threading.RLock()


def tensorflow() -> Any:
    """The module ``tensorflow``.

    Raises:
        ConfigError: It is not installed or does not work.
    """
    return _import("tensorflow")


def keras() -> Any:
    """The module ``keras``, which is Keras 3 on the TensorFlow backend.

    Raises:
        ConfigError: It is not installed, is older than 3, or already runs on another backend.
    """
    tensorflow()
    module = _import("keras")
    if module.__version__.split(".")[0] < "3":
        raise ConfigError(
            f"keras {module.__version__} is installed, but keras 3 or newer is needed",
            hint='pip install --upgrade "keras>=3.5"',
        )
    backend = module.backend.backend()
    if backend != "tensorflow":
        raise ConfigError(
            f"Keras runs on the backend {backend!r} in this process; only 'tensorflow' can be"
            " converted",
            hint="set KERAS_BACKEND=tensorflow before keras is imported, or save the model and"
            " convert the file from the command line",
        )
    return module


def tf_keras() -> Any:
    """The module ``tf_keras``, which is Keras 2.

    Raises:
        ConfigError: It is not installed or does not work.
    """
    tensorflow()
    return _import("tf_keras")


def tfmot() -> Any:
    """The module ``tensorflow_model_optimization``; it takes tf_keras models only.

    Raises:
        ConfigError: It is not installed or does not work.
    """
    tf = tensorflow()
    tf_keras()
    keras()
    with quiet():
        # Resolving tf.keras first pins it to what the user's environment says; TF-MOT would turn
        # it into tf_keras for the rest of the process. TF-MOT itself copes with either.
        getattr(tf.keras, "version", None)
    with _environment("TF_USE_LEGACY_KERAS", os.environ.get("TF_USE_LEGACY_KERAS")):
        return _import("tensorflow_model_optimization")


def quantized_layers(package: str) -> None:
    """Import a package of Keras 3 layers with quantisers, so that Keras knows its classes.

    Args:
        package: ``qkeras`` or ``hgq``.

    Raises:
        ConfigError: It is not installed or does not work.
    """
    keras()
    tfmot()  # which qkeras imports: here it leaves the environment as it is
    hint = f"pip install {QUANTIZED_LAYERS[package]}"
    try:
        _import(package, "load models with its layers", hint)
    except ConfigError as error:
        if error.hint != hint and package == "qkeras":
            raise ConfigError(
                str(error),
                hint="HGQ2 and qkeras-v3 both install a package qkeras, and the later one breaks"
                " the other: install each into an environment of its own",
            ) from error
        raise


def h5py() -> Any:
    """The module ``h5py``, which comes with both Kerases.

    Raises:
        ConfigError: It is not installed or does not work.
    """
    return _import("h5py")


def keras_of(model: object) -> KerasName | None:
    """Which Keras a model object belongs to, told by its classes; None if it is no Keras model.

    Nothing is imported for the answer: who has a model has its Keras in the process already.
    """
    for cls in type(model).__mro__:
        package = cls.__module__.split(".")[0]
        if package in ("keras", "tf_keras") and cls.__name__ == "Model":
            return "keras" if package == "keras" else "tf_keras"
    return None


def variables_to_constants(function: Any) -> Any:
    """Freeze a concrete function: variables become constants, function calls are inlined."""
    tensorflow()
    module = importlib.import_module("tensorflow.python.framework.convert_to_constants")
    return module.convert_variables_to_constants_v2(function, lower_control_flow=False)


def converter_error() -> type[Exception]:
    """The class of the errors that the TFLite converter raises."""
    tensorflow()
    module = importlib.import_module("tensorflow.lite.python.convert_phase")
    error: type[Exception] = module.ConverterError
    return error


def quantizer() -> Any:
    """The module with ``mlir_quantize``, which makes an integer file of a calibrated float one."""
    tensorflow()
    return importlib.import_module("tensorflow.lite.python.convert")


@contextlib.contextmanager
def calibration_from_zero() -> Iterator[None]:
    """Let the converter see every calibration sample from the first values of all state.

    Its own interpreter keeps the state of an LSTM from sample to sample, and the range of a cell
    that counts would be that of all samples in a row. To prepare the interpreter anew resets it.
    """
    tensorflow()
    calibrator = importlib.import_module("tensorflow.lite.python.optimize.calibrator").Calibrator
    original = calibrator._feed_tensors

    def feed(self: Any, samples: Callable[[], Iterator[Any]], resize_input: bool) -> None:
        for sample in samples():
            original(self, lambda sample=sample: iter([sample]), resize_input)

    calibrator._feed_tensors = feed
    try:
        yield
    finally:
        calibrator._feed_tensors = original


def make_deterministic(seed: int, *, threads: int | None = None) -> None:
    """Make training repeatable: the same program, seed and machine give the same weights.

    Args:
        seed: Seed of Python's, numpy's and TensorFlow's generators; 0 to 2**32 - 1.
        threads: Limit for TensorFlow's thread pools; None leaves them alone.

    Raises:
        ConfigError: The seed is out of range, or TensorFlow already runs with other thread pools.
    """
    if not 0 <= seed < 2**32:
        raise ConfigError(f"seed {seed} is out of range; allowed: 0 to {2**32 - 1}")
    tf = tensorflow()
    numpy = importlib.import_module("numpy")
    if threads is not None:
        try:
            tf.config.threading.set_inter_op_parallelism_threads(threads)
            tf.config.threading.set_intra_op_parallelism_threads(threads)
        except RuntimeError as error:
            raise ConfigError(
                f"cannot limit TensorFlow to {threads} threads: it has already run something",
                hint="call make_deterministic before anything else that uses TensorFlow",
            ) from error
    random.seed(seed)
    numpy.random.seed(seed)
    tf.random.set_seed(seed)
    for name in ("keras", "tf_keras"):
        if name in sys.modules:
            sys.modules[name].utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep TensorFlow's chatter off stderr inside the block, unless our log level is DEBUG.

    The C++ libraries write to file descriptor 2 whatever the log level, so that descriptor is
    pointed elsewhere. Python's own ``sys.stderr`` goes on writing to where it wrote before: a
    progress display stays alive. Blocks may nest; threads take turns.
    """
    if _LOG.isEnabledFor(logging.DEBUG):
        yield
        return
    with (
        _stderr_lock,
        warnings.catch_warnings(),
        _logger_level("absl"),
        _logger_level("tensorflow"),
        _native_stderr_muted(),
    ):
        warnings.simplefilter("ignore")
        yield


def _import(
    name: str, purpose: str = "read and convert Keras models", hint: str = INSTALL_HINT
) -> Any:
    loaded = sys.modules.get(name)
    if loaded is not None:
        return loaded
    if not _LOG.isEnabledFor(logging.DEBUG):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", _SILENT)
    try:
        # TensorFlow imports Keras. A .keras file is the same for all backends, so whatever the user
        # trains on is no obstacle.
        with quiet(), _environment("KERAS_BACKEND", "tensorflow"):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the Python package {error.name or name} is not installed; it is needed to {purpose}",
            hint=hint,
        ) from error
    except (ImportError, OSError) as error:
        raise ConfigError(
            f"the Python package {name} is installed but cannot be imported: {error}",
            hint=f"install it anew: {hint}",
        ) from error


@contextlib.contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    """Give a variable a value (None: leave it) inside the block, and put back what was there."""
    before = os.environ.get(name)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


@contextlib.contextmanager
def _logger_level(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _writes_to_stderr() -> bool:
    try:
        return sys.stderr is not None and sys.stderr.fileno() == _STDERR
    except (OSError, ValueError, AttributeError):
        return False


@contextlib.contextmanager
def _native_stderr_muted() -> Iterator[None]:
    try:
        saved = os.dup(_STDERR)
    except OSError:  # a process without stderr has nothing to mute
        yield
        return
    before = sys.stderr
    detour = None
    if _writes_to_stderr():
        before.flush()
        detour = open(  # noqa: SIM115 (closed below, after sys.stderr is put back)
            os.dup(saved), "w", buffering=1, encoding=before.encoding, errors="backslashreplace"
        )
        sys.stderr = detour
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    try:
        yield
    finally:
        if detour is not None:
            if sys.stderr is detour:
                sys.stderr = before
            detour.close()
        os.dup2(saved, _STDERR)
        os.close(saved)
