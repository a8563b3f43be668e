"""Opening models: every kind that is accepted, and what is said about everything else."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.conversion.frozen import freeze, input_specs, predict
from tinycompress.conversion.load import is_tflite, load_model, wrap_model
from tinycompress.errors import ConfigError, ModelError

KERASES = ("keras", "tf_keras")


def _keras(name: str) -> Any:
    return _tf.keras() if name == "keras" else _tf.tf_keras()


def _dense(name: str) -> Any:
    keras = _keras(name)
    return keras.Sequential(
        [keras.Input((4,), name="x"), keras.layers.Dense(3, name="scores")], name="tiny"
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One small model in every format of both Kerases."""
    directory = tmp_path_factory.mktemp("models")
    found = {}
    for name in KERASES:
        model = _dense(name)
        with _tf.quiet():
            for suffix in ("keras", "h5"):
                found[f"{name}.{suffix}"] = directory / f"{name}.{suffix}"
                model.save(found[f"{name}.{suffix}"])
            found[f"{name}.saved_model"] = directory / f"{name}_saved_model"
            if name == "keras":
                model.export(found[f"{name}.saved_model"], verbose=False)
            else:
                model.save(found[f"{name}.saved_model"], save_format="tf")
    return found


FORMATS = [f"{name}.{kind}" for name in KERASES for kind in ("keras", "h5", "saved_model")]


@pytest.mark.tf
@pytest.mark.parametrize("which", FORMATS)
def test_every_format_computes_the_same(files: dict[str, Path], which: str) -> None:
    source = load_model(files[which])
    assert source.kind == ("saved_model" if "saved" in which else which.split(".")[0])
    (spec,) = input_specs(source)
    assert (spec.name.startswith("x"), spec.shape) == (True, (None, 4))
    x = np.random.default_rng(0).random((5, 4), dtype=np.float32)
    (y,) = predict(freeze(source, ((4,),)), (x,))
    reference = load_model(files[f"{which.split('.')[0]}.keras"]).model
    np.testing.assert_allclose(y, reference.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no model at"):
        load_model(tmp_path / "none.keras")
    with pytest.raises(ConfigError, match=r"directory without saved_model\.pb; accepted:"):
        load_model(tmp_path)
    text = tmp_path / "model.txt"
    text.write_text("weights: many")
    with pytest.raises(ConfigError, match=r"is no model; accepted: \.keras"):
        load_model(text)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("content", [b"", b"not a model"])
def test_wrong_content_is_damage(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        load_model(path)


@pytest.mark.tf
@pytest.mark.parametrize("which", ["keras.keras", "keras.h5", "tf_keras.keras", "tf_keras.h5"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_cut_files_are_damaged(
    files: dict[str, Path], tmp_path: Path, which: str, part: float
) -> None:
    whole = files[which].read_bytes()
    path = tmp_path / files[which].name
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ModelError):
        load_model(path)


@pytest.mark.tf
@pytest.mark.parametrize("which", ["keras.keras", "tf_keras.keras"])
def test_bad_checksum_is_damage(files: dict[str, Path], tmp_path: Path, which: str) -> None:
    whole = bytearray(files[which].read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(whole))) as archive:
        weights = archive.getinfo("model.weights.h5")
    whole[weights.header_offset + weights.file_size // 2] ^= 0x55
    path = tmp_path / "model.keras"
    path.write_bytes(whole)
    with pytest.raises(ModelError, match="damaged"):
        load_model(path)


def _archive(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_other_archives(tmp_path: Path) -> None:
    path = _archive(tmp_path / "model.keras", {"readme.txt": "hello"})
    with pytest.raises(ConfigError, match=r"lacks config\.json, metadata\.json, model\.weights"):
        load_model(path)
    members = {"metadata.json": "{", "config.json": "{}", "model.weights.h5": ""}
    with pytest.raises(ModelError, match="damaged"):
        load_model(_archive(tmp_path / "json.keras", members))
    members["metadata.json"] = "[]"
    with pytest.raises(ModelError, match=r"metadata\.json is no JSON object"):
        load_model(_archive(tmp_path / "list.keras", members))


@pytest.mark.tf
def test_newer_keras_is_named(files: dict[str, Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(files["keras.keras"]) as archive:
        members: dict[str, Any] = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][1]["config"]["invented_in_2031"] = True
    members["config.json"] = json.dumps(config)
    members["metadata.json"] = json.dumps({"keras_version": "3.99.0"})
    with pytest.raises(ModelError, match=r"saved by Keras 3\.99\.0") as caught:
        load_model(_archive(tmp_path / "new.keras", members))
    assert caught.value.hint is not None
    assert "upgrade keras" in caught.value.hint


@pytest.mark.tf
@pytest.mark.parametrize("name", KERASES)
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_custom_classes_and_functions_are_listed(tmp_path: Path, name: str, suffix: str) -> None:
    keras = _keras(name)

    class Doubling(keras.layers.Layer):  # type: ignore[name-defined, misc]
        def call(self, x: Any) -> Any:
            return x + x

    def bend(x: Any) -> Any:
        return x

    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, activation=bend, name="first"),
            Doubling(name="twice"),
            Doubling(name="again"),
        ]
    )
    path = tmp_path / f"custom.{suffix}"
    with _tf.quiet():
        model.save(path)
    with pytest.raises(ModelError, match="needs code that is not in the file") as caught:
        load_model(path)
    assert caught.value.exit_code == 3
    assert caught.value.reasons[0] == "function 'bend' of layer 'first'"
    assert [reason.split()[-1] for reason in caught.value.reasons[1:]] == ["'twice'", "'again'"]
    assert all("Doubling" in reason for reason in caught.value.reasons[1:])


@pytest.mark.tf
@pytest.mark.parametrize("name", KERASES)
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_code_in_a_file_is_never_run(tmp_path: Path, name: str, suffix: str) -> None:
    keras = _keras(name)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3),
            keras.layers.Lambda(lambda x: x * 2.0, name="twice"),
        ]
    )
    path = tmp_path / f"lambda.{suffix}"
    with _tf.quiet():
        model.save(path)
    with pytest.raises(ModelError, match="holds Python code, which is not run") as caught:
        load_model(path)
    assert caught.value.reasons == ("layer 'twice' is a Lambda layer",)


@pytest.mark.tf
@pytest.mark.parametrize("name", KERASES)
def test_weights_alone_are_no_model(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.weights.h5"
    _dense(name).save_weights(path)
    with pytest.raises(ConfigError, match="holds weights only"):
        load_model(path)


@pytest.mark.tf
def test_damaged_saved_model(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x00 nothing that protobuf likes")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(tmp_path)


@pytest.mark.tf
def test_saved_model_without_signature(tmp_path: Path) -> None:
    tf = _tf.tensorflow()
    with _tf.quiet():
        tf.saved_model.save(tf.Module(), str(tmp_path / "bare"))
    source = load_model(tmp_path / "bare")
    with pytest.raises(ConfigError, match="no signature 'serving_default'; it has: none"):
        input_specs(source)


@pytest.mark.tf
@pytest.mark.parametrize("name", KERASES)
def test_objects(name: str) -> None:
    keras = _keras(name)
    model = _dense(name)
    assert wrap_model(model).kind == name
    unbuilt = keras.Sequential([keras.layers.Dense(3)])
    with pytest.raises(ModelError, match="not built"):
        wrap_model(unbuilt)

    class Subclassed(keras.Model):  # type: ignore[name-defined, misc]
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match="subclass of Model"):
        wrap_model(Subclassed())
    with pytest.raises(ConfigError, match="is no Keras model"):
        wrap_model({"layers": 3})


def test_is_tflite(tmp_path: Path) -> None:
    named, unnamed, other = (tmp_path / name for name in ("a.tflite", "b.bin", "c.h5"))
    named.write_bytes(b"")
    unnamed.write_bytes(b"\x1c\x00\x00\x00TFL3....")
    other.write_bytes(b"\x89HDF\r\n\x1a\n")
    assert [is_tflite(path) for path in (named, unnamed, other)] == [True, True, False]
    assert not is_tflite(tmp_path)
    assert not is_tflite(tmp_path / "none.tflite")
