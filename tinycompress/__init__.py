"""From a trained Keras model to measured int8 firmware on a Cortex-M board.

The command line only calls what is here::

    made = tinycompress.build("digits.keras", board="nano33", data="calib.npz")
    result = tinycompress.bench(made.directory, samples="test.npz")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tinycompress._version import __version__
from tinycompress.options import BuildOptions

if TYPE_CHECKING:
    from tinycompress import features
    from tinycompress.deploy.compressing import compress
    from tinycompress.deploy.sensitivity import measure_sensitivity
    from tinycompress.pipeline import bench, build, chain, confirm, convert
    from tinycompress.pipeline import compare_results as compare
    from tinycompress.reporting import report
    from tinycompress.search.running import fit

__all__ = [
    "BuildOptions",
    "__version__",
    "bench",
    "build",
    "chain",
    "compare",
    "compress",
    "confirm",
    "convert",
    "features",
    "fit",
    "measure_sensitivity",
    "report",
]

_PLACES = {
    "bench": ("tinycompress.pipeline", "bench"),
    "build": ("tinycompress.pipeline", "build"),
    "chain": ("tinycompress.pipeline", "chain"),
    "compare": ("tinycompress.pipeline", "compare_results"),
    "compress": ("tinycompress.deploy.compressing", "compress"),
    "confirm": ("tinycompress.pipeline", "confirm"),
    "convert": ("tinycompress.pipeline", "convert"),
    "fit": ("tinycompress.search.running", "fit"),
    "measure_sensitivity": ("tinycompress.deploy.sensitivity", "measure_sensitivity"),
    "report": ("tinycompress.reporting", "report"),
}
"""Module and name of what is imported when it is asked for.

The pipeline needs numpy, unicorn and more; ``tinycompress --help`` must not wait for them.
"""


_ROOMS = ("features",)
"""Rooms whose functions users call by the room's name."""


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"tinycompress.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module 'tinycompress' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)
