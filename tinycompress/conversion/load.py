"""Open a model of any supported kind, or say clearly why it cannot be opened.

The kind is told by content, never by the name of the file: a zip archive is a ``.keras`` file, and
its ``metadata.json`` says which Keras wrote it; an HDF5 file is a ``.h5`` model.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tinycompress import _tf
from tinycompress._lfs import HINT, IS_POINTER, is_lfs_pointer
from tinycompress.conversion.model_config import foreign_parts, lambda_layers, packages
from tinycompress.errors import ConfigError, ModelError, os_reason

ModelKind = Literal["keras", "tf_keras", "saved_model", "tflite"]

_ACCEPTED = (
    "accepted: .keras (Keras 3 or tf_keras), .h5, a SavedModel directory, or an int8 .tflite"
)
_KERAS_MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
_ZIP_MAGIC = b"PK\x03\x04"
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_TFLITE_MAGIC = b"TFL3"


@dataclass(frozen=True)
class SourceModel:
    """A model that was opened.

    ``model`` is the Keras model for the kinds ``keras`` and ``tf_keras``, the loaded object of a
    SavedModel, and the bytes of a ``.tflite``. ``name`` is for messages.
    """

    name: str
    kind: ModelKind
    model: Any


def is_tflite(path: Path) -> bool:
    """Whether a path is a ``.tflite``, by its content or, where that is damaged, its suffix."""
    return path.is_file() and (path.suffix == ".tflite" or _head(path)[4:8] == _TFLITE_MAGIC)


def wrap_model(model: object) -> SourceModel:
    """Take a Keras model that is in memory already.

    Raises:
        ConfigError: The object is no Keras model.
        ModelError: The model has no weights or input shape yet.
    """
    kind = _tf.keras_of(model)
    if kind is None:
        raise ConfigError(
            f"{type(model).__module__}.{type(model).__name__} is no Keras model",
            hint="pass a keras.Model, a tf_keras.Model or a path",
        )
    if kind == "keras":
        _tf.keras()  # refuses the other backends
    source = SourceModel(f"model {getattr(model, 'name', '')!r}", kind, model)
    _require_inputs(source)
    return source


def load_model(path: Path) -> SourceModel:
    """Open a model file or SavedModel directory.

    Raises:
        ConfigError: There is no such file, it is no model, or TensorFlow is not installed.
        ModelError: It is a model, but damaged, made by a newer Keras, or in need of classes or
            Python code that the file does not hold.
    """
    if path.is_dir():
        return _load_saved_model(path)
    if not path.exists():
        raise ConfigError(f"there is no model at {path}", hint="check the path")
    if is_tflite(path):
        return SourceModel(str(path), "tflite", _read(path))
    require_keras_file(path)
    is_archive = _head(path).startswith(_ZIP_MAGIC)
    return _load_keras_archive(path) if is_archive else _load_hdf5(path)


def require_keras_file(path: Path) -> None:
    """Refuse what is neither a ``.keras`` nor a ``.h5`` file by its first bytes.

    Raises:
        ConfigError: It is no model.
        ModelError: It is called one, but holds something else.
    """
    head = _head(path)
    if head.startswith((_ZIP_MAGIC, _HDF5_MAGIC)):
        return
    if is_lfs_pointer(path):
        raise ModelError(f"{path} {IS_POINTER}", hint=HINT)
    if path.suffix in (".keras", ".h5", ".hdf5"):
        raise ModelError(
            f"{path} is damaged: its content is no {path.suffix} file"
            + (" (it is empty)" if not head else ""),
            hint="save or copy the model again",
        )
    raise ConfigError(f"{path} is no model; {_ACCEPTED}", hint="model.save('model.keras')")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error


def read_configuration(path: Path) -> Any:
    """The configuration of layers in a Keras file, without Keras; None for anything else.

    Raises:
        ConfigError: The file holds no whole model.
        ModelError: The file is damaged.
    """
    if not path.is_file():
        return None
    head = _head(path)
    if head.startswith(_ZIP_MAGIC):
        return _archive_members(path)["config.json"]
    return _hdf5_configuration(path)[1] if head.startswith(_HDF5_MAGIC) else None


def _load_keras_archive(path: Path) -> SourceModel:
    members = _archive_members(path)
    version = str(members["metadata.json"].get("keras_version", ""))
    return _load_keras(path, version, members["config.json"])


def _archive_members(path: Path) -> dict[str, Any]:
    damaged = "save or copy the model again"
    try:
        with zipfile.ZipFile(path) as archive:
            missing = sorted(set(_KERAS_MEMBERS) - set(archive.namelist()))
            if missing:
                raise ConfigError(
                    f"{path} is a zip archive but no .keras file: it lacks {', '.join(missing)};"
                    f" {_ACCEPTED}",
                    hint="model.save('model.keras') writes the whole model",
                )
            broken = archive.testzip()
            if broken is not None:
                raise ModelError(f"{path} is damaged: bad checksum of {broken}", hint=damaged)
            found = {name: json.loads(archive.read(name)) for name in _KERAS_MEMBERS[:2]}
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as error:
        raise ModelError(f"{path} is damaged: {error}", hint=damaged) from error
    for name, content in found.items():
        if not isinstance(content, dict):
            raise ModelError(f"{path} is damaged: {name} is no JSON object", hint=damaged)
    return found


def _load_hdf5(path: Path) -> SourceModel:
    version, config = _hdf5_configuration(path)
    return _load_keras(path, version, config)


def _hdf5_configuration(path: Path) -> tuple[str, Any]:
    """The version of Keras that wrote the file, and the layers."""
    h5py = _tf.h5py()
    try:
        with h5py.File(path, "r") as file:
            config, version = file.attrs.get("model_config"), file.attrs.get("keras_version", "2")
    except OSError as error:
        raise ModelError(
            f"{path} is damaged: {error}", hint="save or copy the model again"
        ) from error
    if config is None:
        raise ConfigError(
            f"{path} holds weights only, not the layers that they belong to",
            hint="save the whole model: model.save('model.keras')",
        )
    try:
        return _text(version), json.loads(_text(config))
    except ValueError as error:
        raise ModelError(
            f"{path} is damaged: its model_config is no JSON", hint="save or copy the model again"
        ) from error


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _load_keras(path: Path, version: str, config: Any) -> SourceModel:
    lambdas = lambda_layers(config)
    if lambdas:
        # tf_keras would run the code of a .h5 file unasked.
        raise ModelError(
            f"{path} holds Python code, which is not run",
            reasons=tuple(f"layer {name!r} is a Lambda layer" for name in lambdas),
            hint="use Keras layers or keras.ops instead of Lambda, or export the model as a"
            " SavedModel",
        )
    kind: ModelKind = "keras" if version.split(".")[0] >= "3" else "tf_keras"
    keras = _tf.keras() if kind == "keras" else _tf.tf_keras()
    _import_quantized_layers(path, kind, config)
    with _loading(path, kind, version, config), _tf.quiet():
        model = keras.models.load_model(str(path), compile=False)
    source = SourceModel(str(path), kind, model)
    _require_inputs(source)
    return source


def _import_quantized_layers(path: Path, kind: ModelKind, config: Any) -> None:
    """Let Keras know the classes of QKeras or HGQ2 where a file has layers of theirs."""
    for package in sorted(packages(config) & set(_tf.QUANTIZED_LAYERS)):
        if kind == "tf_keras":
            raise ModelError(
                f"{path} has layers of {package} for Keras 2",
                hint=f"make the model anew with {_tf.QUANTIZED_LAYERS[package]} for Keras 3, load"
                " its weights (model.load_weights) and save it",
            )
        _tf.quantized_layers(package)


@contextmanager
def _loading(path: Path, kind: ModelKind, version: str, config: Any) -> Iterator[None]:
    keras = _tf.keras() if kind == "keras" else _tf.tf_keras()
    try:
        yield
    # Keras raises whatever comes up when it deserialises, AttributeError and KeyError included.
    except Exception as error:
        foreign = foreign_parts(config, lambda name: hasattr(keras.layers, name))
        if foreign:
            raise ModelError(
                f"{path} needs code that is not in the file",
                reasons=foreign,
                hint="register the classes and pass the model object in Python:"
                " tinycompress.conversion.convert_model(model, ...); or export a SavedModel",
            ) from error
        raise ModelError(
            f"{path} (saved by Keras {version}) cannot be loaded by"
            f" {kind} {keras.__version__}: {_first_line(error)}",
            hint=f"pip install --upgrade {kind}, or load and save the model anew with the Keras"
            " that made it",
        ) from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]


def _require_inputs(source: SourceModel) -> None:
    try:
        inputs = source.model.inputs
    except (AttributeError, ValueError):  # Keras 3 raises for a Sequential without input shape
        inputs = None
    if not inputs:
        raise ModelError(
            f"{source.name} has no fixed inputs: it is not built, or a subclass of Model",
            hint="call model.build(input_shape) or fit it first; export a subclassed model as a"
            " SavedModel",
        )


def _load_saved_model(path: Path) -> SourceModel:
    if not (path / "saved_model.pb").is_file() and not (path / "saved_model.pbtxt").is_file():
        raise ConfigError(
            f"{path} is a directory without saved_model.pb; {_ACCEPTED}",
            hint="model.export(directory) writes a SavedModel",
        )
    tf = _tf.tensorflow()
    try:
        with _tf.quiet():
            loaded = tf.saved_model.load(str(path))
    except Exception as error:  # protobuf, OSError, tf.errors.*, custom ops: all mean "unreadable"
        raise ModelError(
            f"the SavedModel {path} cannot be loaded: {_first_line(error)}",
            hint="export or copy it again",
        ) from error
    return SourceModel(str(path), "saved_model", loaded)
