"""From a trained Keras model to measured int8 firmware on a Cortex-M board.

The command line only calls what is here::

    made = tinycompress.build("digits.keras", board="nano33", data="calib.npz")
    result = tinycompress.bench(made.directory, samples="test.npz")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycompress._version import __version__
from tinycompress.options import BuildOptions

if TYPE_CHECKING:
    from tinycompress.deploy.compressing import compress
    from tinycompress.pipeline import bench, build, convert
    from tinycompress.search.running import fit

__all__ = ["BuildOptions", "__version__", "bench", "build", "compress", "convert", "fit"]


def __getattr__(name: str) -> Any:
    # The pipeline needs numpy, unicorn and more; `tinycompress --help` must not wait for them.
    if name in ("bench", "build", "convert"):
        from tinycompress import pipeline

        return getattr(pipeline, name)
    if name == "compress":
        from tinycompress.deploy.compressing import compress

        return compress
    if name == "fit":
        from tinycompress.search.running import fit

        return fit
    raise AttributeError(f"module 'tinycompress' has no attribute {name!r}")
