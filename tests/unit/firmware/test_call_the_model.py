"""Generated models in programs of one's own: without our main, alone, several, from examples."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.common import require_tool
from support.firmware.frameworks import application_for_pc, sketch_for_pc
from support.firmware.projects import TFLITE, copy_project
from support.host_model import WARNING_FLAGS, host_compiler
from support.models.stateful_models import FAMILIES, stateful_model
from support.models.tflite_files import Builder, small_cnn

from tinycompress import pipeline
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.kernel_files import engine_dir
from tinycompress.elf import read_elf
from tinycompress.errors import ConfigError
from tinycompress.firmware import render_project
from tinycompress.firmware.render import model_tree
from tinycompress.ir.graph import Graph
from tinycompress.ir.quantize import dequantize
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs
from tinycompress.options import BuildOptions
from tinycompress.oracle import Oracle
from tinycompress.pipeline.names import c_name

NANO = load_board("nano33")
ZIG = [sys.executable, "-m", "ziglang", "cc"]
CORTEX_M4 = ["-target", "thumb-freestanding-eabi", "-mcpu=cortex_m4", "-fno-sanitize=undefined"]
PREDICTED = "(void)infer(); /* Act on what it returns. */"


def written(tflite: bytes, name: str, directory: Path) -> Path:
    """The directory ``model/`` of a project, and nothing else of it."""
    options = CodegenOptions.for_board(NANO, name=name)
    tree = model_tree(generate(read_model(tflite), options), engine_dir())
    for path, content in tree.items():
        if path.startswith("model/"):
            file = directory / path.removeprefix("model/")
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():
                assert file.read_bytes() == content, f"{path} differs between two models"
            file.write_bytes(content)
    return directory


def run(argv: Sequence[str | Path], cwd: Path | None = None) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd, timeout=300)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


class Named:
    """One of the models in a library."""

    def __init__(self, library: ctypes.CDLL, name: str, graph: Graph) -> None:
        self._library, self._prefix, self._graph = library, f"tcm_{name}", graph
        for kind in ("input", "output"):
            function = getattr(library, f"{self._prefix}_{kind}")
            function.restype, function.argtypes = ctypes.c_void_p, (ctypes.c_uint32,)
        self("init")

    def __call__(self, what: str, *arguments: int) -> int:
        return int(getattr(self._library, f"{self._prefix}_{what}")(*arguments) or 0)

    def run(self, inputs: Sequence[np.ndarray]) -> list[bytes]:
        for i, array in enumerate(inputs):
            ctypes.memmove(self("input", i), array.tobytes(), array.nbytes)
        self("invoke")
        return [
            ctypes.string_at(self("output", i), self._graph.tensors[tensor].size_bytes)
            for i, tensor in enumerate(self._graph.outputs)
        ]


def test_two_models_in_one_program_are_both_exact(tmp_path: Path) -> None:
    models = {"first": small_cnn(), "second": stateful_model(sorted(FAMILIES)[0])}
    for name, tflite in models.items():
        written(tflite, name, tmp_path)
    sources = sorted(tmp_path.glob("*.c"))
    library = tmp_path / "both.so"
    run([*host_compiler(), *WARNING_FLAGS, "-O1", "-shared", "-fPIC", *sources, "-o", library])
    loaded = ctypes.CDLL(str(library))
    graphs = {name: read_model(tflite).main for name, tflite in models.items()}
    named = {name: Named(loaded, name, graph) for name, graph in graphs.items()}
    oracles = {name: Oracle(tflite, "tflm") for name, tflite in models.items()}
    inputs = {name: random_inputs(graph, 4) for name, graph in graphs.items()}
    for sample in range(4):
        for name, oracle in oracles.items():
            arrays = [each[sample] for each in inputs[name]]
            found = oracle.step(*arrays) if sample else oracle.run(*arrays)
            expected = [array.tobytes() for array in found]
            assert named[name].run(arrays) == expected, f"{name}, sample {sample}"
    assert [named["first"](kind, 7) for kind in ("input", "output")] == [0, 0]


@pytest.mark.parametrize("compiler", ["zig", pytest.param("gcc", marks=pytest.mark.gcc)])
def test_two_models_link_into_one_firmware(compiler: str, tmp_path: Path) -> None:
    for name in ("first", "second"):
        written(small_cnn(), name, tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "tcm_first.h"\n#include "tcm_second.h"\n'
        "int main(void) { tcm_first_init(); tcm_second_init();"
        " tcm_first_invoke(); tcm_second_invoke(); return 0; }\n"
    )
    start = [*ZIG, *CORTEX_M4] if compiler == "zig" else [require_tool("gcc"), "-mcpu=cortex-m4"]
    elf = tmp_path / "firmware.elf"
    run([*start, *WARNING_FLAGS, "-O2", "-ffreestanding", "-nostdlib", "-Wl,--entry=main",
         *sorted(tmp_path.glob("*.c")), "-o", elf])  # fmt: skip
    image = read_elf(elf)
    for name in ("first", "second"):
        arena = image.require_symbol(f"tcm_{name}_arena")
        assert arena.address % 16 == 0
        assert arena.section == ".bss", "it would be part of what is flashed"


def test_the_arena_goes_where_a_flag_says(tmp_path: Path) -> None:
    written(small_cnn(), "kws", tmp_path)
    object_file = tmp_path / "kws.o"
    run([*host_compiler(), "-DTCM_ARENA_SECTION=.ccmram", "-c", tmp_path / "tcm_kws.c",
         "-o", object_file])  # fmt: skip
    assert b".ccmram\0" in object_file.read_bytes()


@pytest.mark.parametrize(
    ("file", "chosen", "name"),
    [
        ("kws_ref_model.tflite", None, "kws_ref_model"),
        ("my model-2.tflite", None, "my_model_2"),
        ("1d.tflite", None, "model_1d"),
        ("int.tflite", None, "int_model"),
        ("best_weights.h5", None, "best_weights_model"),
        ("any.tflite", "volatile", "volatile_model"),
        ("any.tflite", "wake word", "wake_word"),
    ],
)
def test_names(file: str, chosen: str | None, name: str) -> None:
    assert c_name(file, chosen) == name


@pytest.mark.parametrize("name", ["", "--", "模型"])
def test_names_of_which_nothing_can_be_made(name: str) -> None:
    with pytest.raises(ConfigError, match="no C identifier"):
        c_name("any.tflite", name)


def test_the_other_engine_takes_no_name() -> None:
    with pytest.raises(ConfigError, match="no --name kws"):
        BuildOptions(engine="tflm", name="kws")


def expected_class(graph: Graph, tflite: bytes, seed: int) -> tuple[np.ndarray, int]:
    """Stored inputs and the class that the oracle's outputs have for them."""
    (inputs,) = random_inputs(graph, seed + 1)
    (outputs,) = Oracle(tflite, "tflm").run(inputs[seed])
    return inputs[seed].reshape(-1), int(outputs.reshape(-1).argmax())


def edited(text: str, values: Sequence[float], *, printing: bool = False) -> str:
    """What an engineer does with an example: gives it a sensor, and looks at what it returns."""
    listed = ", ".join(f"{value!r}f" for value in values)
    sensor = f"static const float values[] = {{{listed}}};\n    return values[i];"
    assert text.count("(void)i;\n    return 0;") == 1
    text = text.replace("(void)i;\n    return 0;", sensor)
    if printing:
        assert text.count(PREDICTED) == 1
        text = "#include <stdio.h>\n" + text.replace(PREDICTED, 'printf("%d\\n", (int)infer());')
    return text


def real_inputs(graph: Graph, seed: int) -> tuple[list[float], int]:
    stored, found = expected_class(graph, small_cnn(), seed)
    (spec,) = input_specs(graph)
    return [float(value) for value in dequantize(stored, spec)], found


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "small.tflite"
    path.write_bytes(small_cnn())
    return path


def project(tflite: bytes, directory: Path, name: str = "small") -> Path:
    sources = generate(read_model(tflite), CodegenOptions.for_board(NANO, name=name))
    render_project(sources, NANO, directory, tflite=tflite, model_name=name)
    return directory


@pytest.mark.parametrize("seed", range(3))
def test_the_example_says_what_the_oracle_says(seed: int, tmp_path: Path) -> None:
    directory = project(small_cnn(), tmp_path / "project")
    values, found = real_inputs(read_model(small_cnn()).main, seed)
    example = directory / "example.c"
    example.write_text(edited(example.read_text(), values, printing=True))
    cmake = require_tool("cmake")
    run([cmake, "-B", "build-host", "-DTC_HOST=ON"], cwd=directory)
    run([cmake, "--build", "build-host", "--target", "example"], cwd=directory)
    assert run([directory / "build-host" / "example"]) == f"{found}\n"


def several_types() -> bytes:
    """Two int8 inputs and a value, no scores."""
    b = Builder()
    x = b.tensor([1, 4], "INT8", name="x", scales=[0.1], zero_points=[3])
    y = b.tensor([1, 4], "INT8", name="y", scales=[0.1], zero_points=[-3])
    z = b.tensor([1, 4], "INT8", name="z", scales=[0.2], zero_points=[0])
    b.op("ADD", [x, y], [z], schema.AddOptionsT())
    return b.pack([x, y], [z])


MODELS: dict[str, Callable[[], bytes]] = {
    "scores": small_cnn,
    "two_inputs": several_types,
    **{name: partial(stateful_model, name) for name in sorted(FAMILIES)},
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_examples_compile_without_a_c_library(name: str, tmp_path: Path) -> None:
    directory = project(MODELS[name](), tmp_path / "project", name)
    inputs = read_model(MODELS[name]()).main.inputs
    lines = (directory / "example.c").read_text().splitlines()
    assert len(lines) <= 24 + 14 * len(inputs), "an example that is read at a glance"
    for start in ([*ZIG, *CORTEX_M4], [*host_compiler()]):
        run([*start, *WARNING_FLAGS, "-ffreestanding", "-Imodel", "-c", "example.c", "-o",
             tmp_path / "example.o"], cwd=directory)  # fmt: skip


def first_line(program: Path) -> str:
    with subprocess.Popen([program], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        process.kill()
    return line.strip()


@pytest.mark.gcc
def test_a_sketch_can_be_the_example(model: Path, tmp_path: Path) -> None:
    values, found = real_inputs(read_model(small_cnn()).main, 5)
    pipeline.build(model, "nano33", framework="arduino", name="kws", output=tmp_path / "sketch")
    main = tmp_path / "sketch" / "sketch.ino"
    main.write_text(edited(main.read_text(), values))
    program = sketch_for_pc(tmp_path / "sketch", tmp_path / "program", "-DTC_EXAMPLE=1")
    assert first_line(program) == str(found)


def test_a_zephyr_application_can_be_the_example(model: Path, tmp_path: Path) -> None:
    values, found = real_inputs(read_model(small_cnn()).main, 6)
    pipeline.build(model, "pico", framework="zephyr", name="kws", output=tmp_path / "app")
    example = tmp_path / "app" / "example.c"
    example.write_text(edited(example.read_text(), values))
    program = application_for_pc(
        tmp_path / "app", tmp_path / "build", "-DTC_EXAMPLE=ON", cycles_per_sec=125_000_000
    )
    assert first_line(program) == str(found)


def test_a_model_without_an_example_has_none(tmp_path: Path) -> None:
    directory = copy_project("nano33", tmp_path / "project").directory
    assert not (directory / "example.c").exists()
    assert (directory / "model.tflite").read_bytes() == TFLITE
    shutil.rmtree(directory)
