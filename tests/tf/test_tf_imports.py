"""How TensorFlow and both Kerases get into the process: by name, quietly, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tinycompress import _tf
from tinycompress.errors import ConfigError


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter whose environment says nothing about TensorFlow."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TF_", "KERAS_", "PYTHONWARNINGS"))
    }
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, "PYTHONPATH": paths, **environment},
    )


@pytest.mark.tf
def test_tfmot_and_the_backend_leave_keras_and_the_environment_alone() -> None:
    done = _python(
        "import os\n"
        "from tinycompress import _tf\n"
        "tfmot = _tf.tfmot()\n"
        "assert 'TF_USE_LEGACY_KERAS' not in os.environ\n"
        "assert os.environ['KERAS_BACKEND'] == 'numpy'\n"
        "import tensorflow as tf, tf_keras, keras\n"
        "assert tf.keras.__version__.startswith('3.'), tf.keras.__version__\n"
        "assert _tf.keras() is keras and _tf.tf_keras() is tf_keras\n"
        "assert keras.backend.backend() == 'tensorflow'\n"
        "model = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(2)])\n"
        "quantised = tfmot.quantization.keras.quantize_model(model)\n"
        "assert isinstance(quantised, tf_keras.Model)\n"
        "print('good')",
        KERAS_BACKEND="numpy",
    )
    assert (done.stdout, done.returncode) == ("good\n", 0), done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("version", "backend", "message", "hint"),
    [
        ("3.9.0", "jax", "Keras runs on the backend 'jax'", "KERAS_BACKEND=tensorflow"),
        ("2.15.0", "tensorflow", "keras 2.15.0 is installed", 'upgrade "keras>=3.5"'),
    ],
)
def test_unfit_keras_is_refused(
    monkeypatch: pytest.MonkeyPatch, version: str, backend: str, message: str, hint: str
) -> None:
    stand_in = SimpleNamespace(
        __version__=version, backend=SimpleNamespace(backend=lambda: backend)
    )
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    monkeypatch.setitem(sys.modules, "keras", stand_in)
    with pytest.raises(ConfigError, match=message) as caught:
        _tf.keras()
    assert caught.value.hint is not None
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["tensorflow", "keras", "tf_keras"])
def test_missing_package_says_how_to_install(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", sys)  # stands in where only Keras is missing
    monkeypatch.delitem(sys.modules, name, raising=False)

    class Blocker:
        def find_spec(self, package: str, *_: object) -> None:
            if package == name:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    monkeypatch.setattr(sys, "meta_path", [Blocker(), *sys.meta_path])
    with pytest.raises(ConfigError, match=f"package {name} is not installed") as caught:
        getattr(_tf, name)()
    assert caught.value.hint == 'pip install "tinycompress-mcu[keras]"'


def test_keras_of_tells_by_the_classes() -> None:
    assert _tf.keras_of(object()) is None
    assert _tf.keras_of("model.keras") is None


def test_quiet_mutes_native_code_but_not_python() -> None:
    done = _python(
        "import os, sys\n"
        "from tinycompress import _tf\n"
        "with _tf.quiet(), _tf.quiet():\n"
        "    os.write(2, b'native chatter')\n"
        "    print('progress', file=sys.stderr)\n"
        "os.write(2, b'afterwards')"
    )
    assert done.stderr == "progress\nafterwards"


def test_quiet_restores_stderr_after_an_error() -> None:
    done = _python(
        "import os, sys\n"
        "from tinycompress import _tf\n"
        "before = sys.stderr\n"
        "try:\n"
        "    with _tf.quiet():\n"
        "        raise ValueError\n"
        "except ValueError:\n"
        "    pass\n"
        "assert sys.stderr is before\n"
        "os.write(2, b'heard')"
    )
    assert (done.stderr, done.returncode) == ("heard", 0)


def test_quiet_works_without_stderr() -> None:
    done = _python(
        "import os, sys\n"
        "os.close(2)\n"
        "sys.stderr = None\n"
        "from tinycompress import _tf\n"
        "with _tf.quiet():\n"
        "    print('ran')"
    )
    assert done.stdout == "ran\n"


def test_debug_level_lets_the_chatter_through() -> None:
    done = _python(
        "import logging, os\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "from tinycompress import _tf\n"
        "with _tf.quiet():\n"
        "    os.write(2, b'native chatter')"
    )
    assert done.stderr == "native chatter"


@pytest.mark.tf
def test_training_is_repeatable_after_make_deterministic() -> None:
    done = _python(
        "from tinycompress import _tf\n"
        "import numpy as np, hashlib\n"
        "def train(seed):\n"
        "    _tf.make_deterministic(seed, threads=1)\n"
        "    keras = _tf.keras()\n"
        "    x = np.random.rand(64, 6).astype('float32')\n"
        "    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, 'relu'),\n"
        "        keras.layers.Dropout(0.5), keras.layers.Dense(1)])\n"
        "    model.compile('adam', 'mse')\n"
        "    model.fit(x, x.sum(axis=1), epochs=2, verbose=0)\n"
        "    weights = b''.join(w.tobytes() for w in model.get_weights())\n"
        "    print(hashlib.sha256(weights).hexdigest())\n"
        "for seed in (3, 4, 3):\n"
        "    train(seed)\n"
        "try:\n"
        "    _tf.make_deterministic(3, threads=2)\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error.hint)\n"
    )
    first, other, again, refused = done.stdout.splitlines()
    assert first == again != other
    assert refused.startswith("ConfigError call make_deterministic before")


def test_seed_out_of_range() -> None:
    with pytest.raises(ConfigError, match="seed -1 is out of range"):
        _tf.make_deterministic(-1)
