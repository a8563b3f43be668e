"""Models as C arrays: names, bytes, and what three compilers and a CPU make of them."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from support.common import require_tool
from support.models.tflite_files import Builder, small_cnn

from tinycompress.artifacts import TensorSpec
from tinycompress.conversion.carray import ALIGNMENTS, Style, write_c_array
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.toolchain.find import find_zig

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wdouble-promotion", "-Wpedantic"]


def all_types() -> bytes:
    """One input of every kind that the header treats differently, and names that attack it."""
    b = Builder()
    inputs = [
        b.tensor([1, 3], "INT8", name="*/ #error evil /*", scales=[0.1], zero_points=[-128]),
        b.tensor([1, 2], "UINT8", name="bytes\n#error", scales=[1 / 255], zero_points=[255]),
        b.tensor([1, 2], "INT16", name="wide\\", scales=[3.0517578125e-05], zero_points=[0]),
        b.tensor([1, 2], "FLOAT32", name="ünïcode ??/"),
        b.tensor([1, 2], "BOOL", name="flag"),
        b.tensor([1, 2], "INT32", name="", scales=[0.5], zero_points=[0]),
        b.tensor([1, 2], "FLOAT16", name="half"),
        b.tensor([], "INT64", name="scalar"),
    ]
    return b.pack(inputs, inputs)


MODELS = {"small_cnn": small_cnn, "all_types": all_types}


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> bytes:
    return MODELS[request.param]()


def compilers() -> dict[str, tuple[list[str], list[str]]]:
    """Command lines that compile C11 and C++17, by compiler; each with all warnings as errors."""
    zig = find_zig().command[0]
    arm = require_tool("gcc")
    target = ["-target", "thumb-freestanding-eabi", "-mcpu=cortex_m4"]
    return {
        "host-gcc": (["gcc", "-std=c11"], ["g++", "-std=c++17"]),
        "zig": ([zig, "cc", *target, "-std=c11"], [zig, "c++", *target, "-std=c++17"]),
        "arm-gcc": (
            [arm, "-mcpu=cortex-m4", "-std=c11"],
            [arm, "-mcpu=cortex-m4", "-std=c++17"],
        ),
    }


@pytest.mark.gcc
@pytest.mark.parametrize("style", ["c", "cpp", "arduino"])
@pytest.mark.parametrize("compiler", ["host-gcc", "zig", "arm-gcc"])
def test_compiles_without_a_warning(
    compiler: str, style: Style, model: bytes, tmp_path: Path
) -> None:
    source, header = write_c_array(model, "my model", tmp_path, style=style)
    user = tmp_path / "user.c"
    user.write_text(f'#include "{header.name}"\nint user(void);\nint user(void) {{ return 0; }}\n')
    environment = {**find_zig().environment, "PATH": "/usr/bin:/bin"}
    for argv, language in zip(compilers()[compiler], ("c", "c++"), strict=True):
        for file in (source, user):
            subprocess.run(
                [*argv, *WARNINGS, "-Werror", "-x", language, "-O2", "-c", file,
                 "-o", tmp_path / "out.o"],
                check=True, env=environment, cwd=tmp_path,
            )  # fmt: skip


@pytest.mark.gcc
@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_lies_aligned_in_flash(alignment: int, tmp_path: Path) -> None:
    source, _ = write_c_array(small_cnn(), "m", tmp_path, alignment=alignment)
    for number, language in enumerate((0, 1)):
        argv = compilers()["arm-gcc"][language]
        out = tmp_path / f"{number}.o"
        subprocess.run([*argv, "-x", ("c", "c++")[language], "-c", source, "-o", out], check=True)
        with out.open("rb") as file:
            elf = ELFFile(file)
            (symbol,) = elf.get_section_by_name(".symtab").get_symbol_by_name("m")
            section = elf.get_section(symbol["st_shndx"])
            assert section.name.startswith(".rodata")
            assert section["sh_flags"] & 1 == 0, "writable"
            assert section["sh_addralign"] >= alignment
            assert symbol["st_value"] % alignment == 0
            assert symbol["st_size"] == len(small_cnn())


def load(source: Path, name: str, wrappers: str = "") -> ctypes.CDLL:
    require_tool("host-cc")
    wrapper = source.parent / "wrapper.c"
    wrapper.write_text(f'#include "{name}.h"\n{wrappers}')
    library = source.parent / "array.so"
    subprocess.run(
        ["cc", "-std=c11", "-O2", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-shared",
         "-fPIC", source, wrapper, "-o", library],
        check=True,
    )  # fmt: skip
    return ctypes.CDLL(str(library))


def test_reads_back_byte_for_byte(model: bytes, tmp_path: Path) -> None:
    source, _ = write_c_array(model, "net", tmp_path)
    library = load(source, "net")
    array = (ctypes.c_ubyte * len(model)).in_dll(library, "net")
    assert bytes(array) == model
    assert ctypes.c_uint.in_dll(library, "net_len").value == len(model)
    assert ctypes.addressof(array) % 16 == 0


def test_the_header_tells_shapes_and_quantisation(tmp_path: Path) -> None:
    _, header = write_c_array(all_types(), "net", tmp_path)
    text = header.read_text()
    for line in (
        f"#define NET_LEN {len(all_types())}u",
        "#define NET_INPUT_COUNT 8",
        "#define NET_OUTPUT_COUNT 8",
        "#define NET_INPUT0_RANK 2",
        "#define NET_INPUT0_DIM1 3",
        "#define NET_INPUT0_BYTES 3u",
        "#define NET_INPUT0_SCALE 0.1f",
        "#define NET_INPUT0_ZERO_POINT (-128)",
        "#define NET_INPUT1_MAX (255)",
        "#define NET_INPUT2_SCALE 3.0517578e-05f",
        "#define NET_INPUT7_RANK 0",
        "#define NET_INPUT7_BYTES 8u",
    ):
        assert line in text.splitlines(), line
    assert "NET_INPUT3_SCALE" not in text
    assert "#error" not in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert text.isascii()


QUANTISE = """
#include <stddef.h>
void quantise(const float *from, {type} *to, size_t count);
void quantise(const float *from, {type} *to, size_t count)
{{
    for (size_t i = 0; i < count; i++) to[i] = net_input{n}_quantize(from[i]);
}}
void dequantise(const {type} *from, float *to, size_t count);
void dequantise(const {type} *from, float *to, size_t count)
{{
    for (size_t i = 0; i < count; i++) to[i] = net_input{n}_dequantize(from[i]);
}}
"""


@pytest.mark.parametrize(
    ("number", "c_type", "dtype", "scale", "zero_point"),
    [
        (0, "int8_t", np.int8, 0.1, -128),
        (1, "uint8_t", np.uint8, 1 / 255, 255),
        (2, "int16_t", np.int16, 3.0517578125e-05, 0),
    ],
)
def test_helpers_do_what_tflite_does(
    number: int,
    c_type: str,
    dtype: type[np.signedinteger],
    scale: float,
    zero_point: int,
    tmp_path: Path,
) -> None:
    source, _ = write_c_array(all_types(), "net", tmp_path)
    library = load(source, "net", QUANTISE.format(type=c_type, n=number))
    step = np.float32(scale)
    rng = np.random.default_rng(1)
    halves = (np.arange(-600, 600) / 2).astype(np.float32)
    reals = np.concatenate(
        [
            halves * step,
            np.nextafter(halves * step, np.float32(np.inf)),
            np.nextafter(halves * step, np.float32(-np.inf)),
            rng.normal(0, 300 * scale, 20_000).astype(np.float32),
            np.array([0.0, -0.0, np.inf, -np.inf, 3e38, -3e38, 1e-45, 0.49999997 * step], "f4"),
        ]
    ).astype(np.float32)
    stored = np.zeros(reals.size, dtype)
    pointer = ctypes.c_void_p
    library.quantise(
        reals.ctypes.data_as(pointer), stored.ctypes.data_as(pointer), ctypes.c_size_t(reals.size)
    )
    # TFLite: round(value / scale) + zero point, saturated; round is half away from zero.
    with np.errstate(over="ignore"):
        steps = np.clip((reals / step).astype(np.float64), -1e9, 1e9)
    away = np.trunc(steps) + np.sign(steps) * (np.abs(steps - np.trunc(steps)) >= 0.5)
    limits = np.iinfo(dtype)
    expected = np.clip(away + zero_point, limits.min, limits.max).astype(dtype)
    np.testing.assert_array_equal(stored, expected)

    everything = np.arange(limits.min, limits.max + 1).astype(dtype)
    back = np.zeros(everything.size, np.float32)
    library.dequantise(
        everything.ctypes.data_as(pointer),
        back.ctypes.data_as(pointer),
        ctypes.c_size_t(everything.size),
    )
    np.testing.assert_array_equal(
        back, (step * (everything.astype(np.int32) - zero_point).astype(np.float32))
    )


def test_not_a_number_quantises_to_the_least(tmp_path: Path) -> None:
    source, _ = write_c_array(all_types(), "net", tmp_path)
    library = load(source, "net", QUANTISE.format(type="int8_t", n=0))
    real, stored = (ctypes.c_float * 1)(float("nan")), (ctypes.c_int8 * 1)()
    library.quantise(real, stored, ctypes.c_size_t(1))
    assert stored[0] == -128


def test_the_same_bytes_on_every_run(model: bytes, tmp_path: Path) -> None:
    texts = []
    for place in ("a", "b/c"):
        paths = write_c_array(model, "net", tmp_path / place)
        texts.append([path.read_bytes() for path in paths])
        assert paths == (tmp_path / place / "net.c", tmp_path / place / "net.h")
        assert str(tmp_path).encode() not in b"".join(texts[-1])
    assert texts[0] == texts[1]


@pytest.mark.parametrize("alignment", [0, 3, -16, 256])
def test_alignments_that_are_refused(alignment: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not one of 1, 2, 4, 8, 16, 32, 64, 128"):
        write_c_array(small_cnn(), "net", tmp_path, alignment=alignment)


@pytest.mark.parametrize("standard", ["gnu++11", "gnu++14", "gnu++17", "gnu++20"])
def test_arduino_cores_of_any_age_compile_it(standard: str, tmp_path: Path) -> None:
    """Their C++ standards differ: gnu++11 (Arduino's AVR core) to gnu++20 (RP2040)."""
    require_tool("host-cc")
    source, header = write_c_array(all_types(), "net", tmp_path, style="arduino")
    assert (source.name, header.name) == ("net.cpp", "net.h")
    assert "PROGMEM" not in source.read_text() + header.read_text()
    argv = ["g++", f"-std={standard}", *WARNINGS, "-Werror", "-c", str(source)]
    subprocess.run([*argv, "-o", tmp_path / "out.o"], check=True)
    refused = subprocess.run(
        [*argv, "-D__AVR__", "-o", tmp_path / "avr.o"], capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "an AVR keeps constants in RAM" in refused.stderr


@pytest.mark.parametrize("style", ["c", "cpp", "arduino"])
def test_every_style_has_the_same_bytes_on_every_run(style: Style, tmp_path: Path) -> None:
    first, second = (
        [path.read_bytes() for path in write_c_array(small_cnn(), "net", place, style=style)]
        for place in (tmp_path / "one", tmp_path / "two")
    )
    assert first == second


PRINT_IN_C_AND_CPP = r"""
#include "net.h"
#include <stdio.h>
int main(void)
{
    float real;
    while (fread(&real, sizeof real, 1, stdin) == 1) {
        const int8_t stored = net_input0_quantize(real);
        printf("%d %a\n", (int)stored, (double)net_input0_dequantize(stored));
    }
    return 0;
}
"""


@pytest.mark.parametrize(
    ("style", "argv"),
    [
        ("c", ["gcc", "-std=c11"]),
        ("cpp", ["g++", "-std=c++17"]),
        ("arduino", ["g++", "-std=gnu++14"]),
    ],
)
@pytest.mark.parametrize(("scale", "zero_point"), [(0.1, -128), (0.0078125, 0), (3.7, 127)])
def test_a_program_quantises_as_this_package_does(
    style: Style, argv: list[str], scale: float, zero_point: int, tmp_path: Path
) -> None:
    require_tool("host-cc")
    b = Builder()
    only = b.tensor([1, 4], "INT8", name="x", scales=[scale], zero_points=[zero_point])
    source, _ = write_c_array(b.pack([only], [only]), "net", tmp_path, style=style)
    program = tmp_path / f"main{source.suffix}"
    program.write_text(PRINT_IN_C_AND_CPP)
    subprocess.run(
        [*argv, "-O2", *WARNINGS, "-Werror", str(program), str(source), "-o", tmp_path / "out"],
        check=True,
    )
    halves = (np.arange(-700, 700) / 2 * scale).astype(np.float32)
    near = [np.nextafter(halves, np.float32(way)) for way in (np.inf, -np.inf)]
    reals = np.concatenate([halves, *near]).astype(np.float32)
    done = subprocess.run(
        [tmp_path / "out"], input=reals.tobytes(), capture_output=True, check=True
    )
    rows = [line.split() for line in done.stdout.decode().splitlines()]
    spec = TensorSpec("x", (1, 4), "int8", float(np.float32(scale)), zero_point)
    expected = quantize(reals, spec)
    np.testing.assert_array_equal([int(row[0]) for row in rows], expected)
    np.testing.assert_array_equal(
        np.array([float.fromhex(row[1]) for row in rows], np.float32), dequantize(expected, spec)
    )


def test_styles_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'rust' is not one of c, cpp, arduino"):
        write_c_array(small_cnn(), "net", tmp_path, style="rust")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scale", "zero_point"), [(0.0, 0), (-1.0, 0), (float("nan"), 0), (float("inf"), 0), (1.0, 400)]
)
def test_impossible_quantisation_is_refused(scale: float, zero_point: int, tmp_path: Path) -> None:
    b = Builder()
    only = b.tensor([1, 3], name="x", scales=[scale], zero_points=[zero_point])
    with pytest.raises(ModelError):
        write_c_array(b.pack([only], [only]), "net", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_for_a_broken_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        write_c_array(small_cnn()[:-40], "net", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError):
        write_c_array(small_cnn(), "net", tmp_path / "file")
    (tmp_path / "net.c").mkdir()
    with pytest.raises(ConfigError, match=r"net\.c: it is a directory"):
        write_c_array(small_cnn(), "net", tmp_path)
    assert not (tmp_path / "net.h").exists()
