"""Fields of parameter structs: their types are read from the C, and numbers must fit them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.cases.kernels import KernelCases, options

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.kernel_files import engine_dir
from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.param_types import field_types, fits_fields, struct_fields
from tinycompress.ir.graph import Op
from tinycompress.ir.reader import read_model

PLANE = Kernel("elementwise/add", "add", "add_plane_s8", variant="plane", family="plain")


def test_types_are_those_of_the_struct() -> None:
    assert field_types(PLANE) == {
        "count": "int32_t",
        "multiplier_1": "int32_t",
        "multiplier_2": "int32_t",
        "addend": "int32_t",
        "shift": "int8_t",
        "clamp_min": "int8_t",
        "clamp_max": "int8_t",
    }


def test_dots_lead_into_nested_structs() -> None:
    types = field_types(Kernel("elementwise/add", "add", "add_s8"))
    assert types["scaling.multiplier_1"] == "int32_t"
    assert "scaling" not in types


def test_pointers_are_told_from_numbers() -> None:
    types = field_types(Kernel("dense", "fully_connected", "fully_connected_s8"))
    assert (types["weights"], types["multiplier"]) == ("const int8_t *", "int64_t")


def test_a_struct_that_no_header_declares_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not declare tck_softmax_params"):
        field_types(Kernel("elementwise/add", "add", "softmax"))


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [
        ("shift", 127, True),
        ("shift", 128, False),
        ("shift", -128, True),
        ("shift", -129, False),
        ("count", 2**31 - 1, True),
        ("count", 2**31, False),
    ],
)
def test_numbers_must_fit(field: str, value: int, fits: bool) -> None:
    layer = Layer(
        op=Op(0, "ADD", (), (), {}),
        name="sum",
        kernel=PLANE,
        params={field: value},
        arguments=(),
        output_shape=(1,),
        shapes="",
    )
    assert fits_fields(layer) is fits
    assert fits_fields(replace(layer, params={})) is True


@pytest.mark.parametrize(("rows", "fast"), [(65_535, True), (65_536, False)])
def test_a_layer_beyond_its_fields_runs_by_the_reference_kernel(rows: int, fast: bool) -> None:
    cases = KernelCases(1)
    x = cases.input([rows, 4], 0.1, 3)
    weights = cases.weights([4, 4], [0.02])
    y = cases.activation([rows, 4], 0.2, -5)
    cases.op("dense", "FULLY_CONNECTED", [x, weights, -1], y, options("FullyConnected"))
    sources = generate(read_model(cases.tflite()), CodegenOptions())
    (layer,) = sources.layers
    assert layer.kernel.endswith("_ref") is not fast


def test_reference_kernels_have_room_for_every_number() -> None:
    """They are the last resort, so that no field of theirs is narrow, flags and limits apart."""
    narrow = {}
    for header in sorted((engine_dir() / "kernels").rglob("*_ref.h")):
        name = header.stem
        text = header.read_text(encoding="utf-8")
        at = text.find(f"tck_{name}(const tck_")
        if at < 0:
            continue
        struct = text[at:].split("const tck_")[1].split("_params")[0]
        path = str(header.relative_to(engine_dir()))
        types = struct_fields(path, f"tck_{struct}_params").values()
        narrow[name] = {t for t in types if not t.endswith("*")} - {"int32_t", "int64_t", "float"}
    assert len(narrow) > 60
    assert {name: types for name, types in narrow.items() if types} == {}
