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
    from tinycompress.pipeline import compare_results as compare
    from tinycompress.reporting import report

__all__ = [
    "BuildOptions", "__version__", "bench", "build", "compare", "compress", "convert", "report",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # The pipeline needs numpy, unicorn and more; `tinycompress --help` must not wait for them.
    if name in ("bench", "build", "convert"):
        from tinycompress import pipeline

        return getattr(pipeline, name)
    if name == "compare":
        from tinycompress.pipeline import compare_results

        return compare_results
    if name == "compress":
        from tinycompress.deploy.compressing import compress

        return compress
    if name == "report":
        from tinycompress.reporting import report

        return report
    raise AttributeError(f"module 'tinycompress' has no attribute {name!r}")
