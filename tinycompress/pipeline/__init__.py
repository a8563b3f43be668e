"""The whole path, as one list that a reader understands in a minute.

    Keras model ─ convert ─> int8 .tflite ─ read ─> graph ─ generate ─> C sources
      ─ render ─> firmware project ─ build ─> ELF ─ flash ─> board ─ bench ─> measured result

Every step is a stage of its own room and works alone; the modules here only put them in order.
"""

from __future__ import annotations

from tinycompress.pipeline.afterwards import Afterwards, Then, go_on
from tinycompress.pipeline.beside import Beside, Candidate, compare_beside
from tinycompress.pipeline.building import build, carray, convert
from tinycompress.pipeline.chaining import Chained, chain
from tinycompress.pipeline.comparing import Comparison, compare
from tinycompress.pipeline.confirming import (
    Confirmed,
    confirm,
    require_confirmed_outputs,
)
from tinycompress.pipeline.flashing import Flashed, flash
from tinycompress.pipeline.inspecting import (
    Inspection,
    WeightsInspection,
    inspect,
    inspect_source,
    inspect_weights,
)
from tinycompress.pipeline.job import Build
from tinycompress.pipeline.limits import read_limits
from tinycompress.pipeline.measuring import bench, bench_all, require_exact, require_promises
from tinycompress.pipeline.names import default_directory, model_name
from tinycompress.pipeline.results import compare_results
from tinycompress.pipeline.serving import serve

__all__ = [
    "Afterwards",
    "Beside",
    "Build",
    "Candidate",
    "Chained",
    "Comparison",
    "Confirmed",
    "Flashed",
    "Inspection",
    "Then",
    "WeightsInspection",
    "bench",
    "bench_all",
    "build",
    "carray",
    "chain",
    "compare",
    "compare_beside",
    "compare_results",
    "confirm",
    "convert",
    "default_directory",
    "flash",
    "go_on",
    "inspect",
    "inspect_source",
    "inspect_weights",
    "model_name",
    "read_limits",
    "require_confirmed_outputs",
    "require_exact",
    "require_promises",
    "serve",
]
