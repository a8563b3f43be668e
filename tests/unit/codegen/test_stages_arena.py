"""The arena that stages share, where a later stage has an input of its own."""

from __future__ import annotations

import pytest
from support.models.collection import Collection

from tinycompress.codegen import generate
from tinycompress.conversion.joining.cascade import Part, joined
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs

FIRST = "models/mlperf_tiny/vww_96_int8.tflite"


@pytest.mark.shared
@pytest.mark.parametrize(
    "second",
    ["models/tflm/person_detect.tflite", "models/mlperf_tiny/pretrainedResnet_quant.tflite"],
)
def test_what_a_later_stage_takes_is_kept_beside_the_first(
    shared_data: Collection, second: str
) -> None:
    before, after = (shared_data.file(name).read_bytes() for name in (FIRST, second))
    (kept,) = input_specs(read_model(after).main)
    both = generate(
        read_model(joined([Part("a", before, ("x",)), Part("b", after, ("y",))]))
    ).arena_bytes
    first, last = (generate(read_model(one)).arena_bytes for one in (before, after))
    assert max(first, last) < both <= first + kept.size_bytes
