"""Arduino sketches and Zephyr applications, compiled and run and measured on this PC."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.common import EXECUTABLES, require_tool
from support.device.process_link import ProcessLink
from support.firmware.frameworks import (
    STAND_INS,
    Tried,
    application_for_pc,
    behind_a_port,
    board_without_dwt,
    sketch_for_pc,
)
from support.firmware.projects import TFLITE, copy_sources
from support.models.stateful_models import FAMILIES, stateful_model
from support.models.tflite_files import small_cnn

from tinycompress import pipeline
from tinycompress.artifacts import FrameworkName
from tinycompress.boards import load_board
from tinycompress.errors import ConfigError, DeviceError
from tinycompress.firmware import render_framework_project
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.oracle import Oracle


def converse(program: Path, project_id: str | None, ticks_hz: int) -> None:
    """The whole protocol with a program, its outputs against TFLM's."""
    oracle = Oracle(small_cnn(), "tflm")
    link = ProcessLink([program])
    try:
        client = DeviceClient(link, timeout_s=20)
        hello = client.hello()
        assert hello.build_id == project_id
        assert hello.engine == "aot"
        assert hello.machine == "host"
        assert client.info().ticks_hz == ticks_hz
        client.echo(bytes(range(256)))
        for array in random_inputs(read_model(small_cnn()).main, 5)[0]:
            client.write_input(0, array.tobytes())
            assert len(client.run(1).ticks) == 1
            (expected,) = oracle.run(array)
            assert client.read_output(0, expected.nbytes) == expected.tobytes()
        assert client.run(1, profile=True).layers == 3
        assert len(client.layers(3)) == 3
        memory = client.memory()
        assert (memory.static_bytes, memory.stack_peak_bytes) == (0, 0)
    finally:
        link.close()


@pytest.mark.gcc
def test_a_sketch_answers_on_its_serial(tried: Tried) -> None:
    converse(tried.program, tried.made.project.project_id, 1_000_000)


def test_an_application_answers_on_its_console(model: Path, tmp_path: Path) -> None:
    made = pipeline.build(model, "pico", framework="zephyr", output=tmp_path / "app")
    program = application_for_pc(
        made.project.directory, tmp_path / "build", cycles_per_sec=125_000_000
    )
    converse(program, made.project.project_id, 125_000_000)


def keeps_state(program: Path, tflite: bytes) -> None:
    """Two streams, each from the first values, against TFLM's outputs."""
    oracle = Oracle(tflite, "tflm")
    inputs = random_inputs(read_model(tflite).main, 4)
    link = ProcessLink([program])
    try:
        client = DeviceClient(link, timeout_s=20)
        client.hello()
        for step in (*range(4), *range(4)):
            sample = tuple(array[step] for array in inputs)
            for index, array in enumerate(sample):
                client.write_input(index, array.tobytes())
            client.run(1, reset=step == 0)
            expected = oracle.run(*sample) if step == 0 else oracle.step(*sample)
            for index, array in enumerate(expected):
                assert client.read_output(index, array.nbytes) == array.tobytes()
    finally:
        link.close()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.usefixtures("calls")
@pytest.mark.gcc
def test_a_sketch_keeps_state(family: str, tmp_path: Path) -> None:
    tflite = stateful_model(family)
    (tmp_path / "model.tflite").write_bytes(tflite)
    made = pipeline.build(
        tmp_path / "model.tflite", board_without_dwt(tmp_path), framework="arduino",
        output=tmp_path / "state",
    )  # fmt: skip
    keeps_state(sketch_for_pc(made.project.directory, tmp_path / "program"), tflite)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_application_keeps_state(family: str, tmp_path: Path) -> None:
    tflite = stateful_model(family)
    (tmp_path / "model.tflite").write_bytes(tflite)
    made = pipeline.build(
        tmp_path / "model.tflite", "pico", framework="zephyr", output=tmp_path / "app"
    )
    program = application_for_pc(
        made.project.directory, tmp_path / "build", cycles_per_sec=125_000_000
    )
    keeps_state(program, tflite)


@pytest.mark.parametrize(("rate", "compiles"), [(125_000_000, True), (1000, False)])
def test_a_counter_of_another_rate_does_not_compile(
    rate: int, compiles: bool, tmp_path: Path
) -> None:
    require_tool("host-cc")
    project = render_framework_project(
        copy_sources(), load_board("pico").within("zephyr"), tmp_path / "app",
        framework="zephyr", tflite=TFLITE, model_name="copy",
    )  # fmt: skip
    done = subprocess.run(
        ["cc", "-fsyntax-only", f"-I{STAND_INS / 'zephyr' / 'include'}", "-I.", "-Iruntime/include",
         f"-DCONFIG_SYS_CLOCK_HW_CYCLES_PER_SEC={rate}", "platform/platform.c"],
        cwd=project.directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == compiles, done.stderr
    assert ("runs at another rate than the board file says" in done.stderr) != compiles


def test_an_application_over_usb_with_a_cycle_counter_compiles(model: Path, tmp_path: Path) -> None:
    """A PC has no DWT, so it is not run."""
    made = pipeline.build(model, "nano33", framework="zephyr", output=tmp_path / "app")
    application_for_pc(made.project.directory, tmp_path / "build", cycles_per_sec=32_768)


@pytest.mark.gcc
def test_bench_measures_a_sketch_behind_a_port(tried: Tried, tmp_path: Path) -> None:
    samples = tmp_path / "samples.npz"
    (array,) = random_inputs(read_model(small_cnn()).main, 4)
    np.savez(samples, x=array[:, 0])
    with behind_a_port(tried.program) as port:
        result = pipeline.bench(tried.directory, board=tried.board, port=port, samples=samples)
    assert (result.samples, result.mismatched_samples) == (4, 0)
    assert (result.toolchain, result.build_id) == ("arduino", tried.made.project.project_id)
    assert result.latency_us is not None
    # The stand-in is a process on this PC, and says so.
    assert (result.machine, result.latency_us.obtained) == ("host", "unknown")
    assert any("the firmware runs on a PC" in note for note in result.notes)
    assert result.cycles is None, "microseconds are no cycles"
    assert result.ram.stack_peak_bytes is None
    assert any("Arduino compiled the firmware" in note for note in result.notes)


@pytest.mark.gcc
@pytest.mark.usefixtures("calls")
def test_bench_refuses_a_board_that_runs_another_sketch(
    tried: Tried, model: Path, tmp_path: Path
) -> None:
    other = pipeline.build(
        model, tried.board, framework="arduino", output=tmp_path / "other", optimize="flash"
    )
    with behind_a_port(tried.program) as port, pytest.raises(DeviceError, match="runs build"):
        pipeline.bench(other.project.directory, board=tried.board, port=port)


@pytest.mark.gcc
def test_virtual_boards_do_not_run_a_frameworks_firmware(tried: Tried) -> None:
    with pytest.raises(ConfigError, match="virtual boards run the firmware of --framework cmake"):
        pipeline.bench(tried.directory, board=tried.board)
    with pytest.raises(ConfigError, match="virtual boards run the firmware of --framework cmake"):
        pipeline.serve(tried.directory, board=tried.board)


def test_a_project_that_nobody_compiled(model: Path, tmp_path: Path) -> None:
    made = pipeline.build(model, "nano33", framework="zephyr", output=tmp_path / "app")
    with pytest.raises(ConfigError, match="has not been compiled") as caught:
        pipeline.bench(made.project.directory, port="/dev/null")
    assert "west build -b arduino_nano_33_ble -d build ." in str(caught.value.hint)


@pytest.mark.gcc
def test_west_flashes_applications(tried: Tried, own_copy: Path) -> None:
    """The sketch's ELF stands for an application's, whose id it does hold."""
    facts = json.loads((own_copy / "tinycompress.json").read_text())
    (own_copy / "tinycompress.json").write_text(json.dumps({**facts, "framework": "zephyr"}))
    (own_copy / "build" / "zephyr").mkdir()
    (own_copy / "build" / "my-sketch.ino.elf").rename(own_copy / "build" / "zephyr" / "zephyr.elf")
    with pytest.raises(ConfigError, match="which west flashes") as caught:
        pipeline.flash(own_copy, board=tried.board)
    assert "west flash -d build" in str(caught.value.hint)


def tflm_sources(directory: Path, framework: FrameworkName, model: Path) -> Path:
    made = pipeline.build(
        model,
        "nano33",
        framework=framework,
        engine="tflm",
        output=directory,
    )
    assert made.firmware is None
    assert made.project.arena is not None
    assert made.project.arena.obtained == "estimated"
    assert not list(directory.rglob("tcm_cxx_runtime.c"))
    return directory


@pytest.mark.gcc
@pytest.mark.usefixtures("no_arduino_cli")
def test_tflm_as_a_sketch_compiles(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the core's flags, against stand-ins for the library's headers."""
    sketch = tflm_sources(tmp_path / "sketch", "arduino", model)
    monkeypatch.undo()
    assert "#include <TensorFlowLite.h>" in (sketch / "sketch.ino").read_text()
    for source in sorted((sketch / "src").rglob("*.c*")):
        is_c = source.suffix == ".c"
        compiler = EXECUTABLES["gcc"] if is_c else "arm-none-eabi-g++"
        standard = ["-std=gnu11"] if is_c else ["-std=gnu++14", "-fno-rtti"]
        done = subprocess.run(
            [compiler, *standard, "-mcpu=cortex-m4", "-mthumb", "-Os", "-Wall", "-Wextra",
             "-Werror", "-fno-exceptions", "-funsigned-char", f"-I{STAND_INS / 'arduino'}",
             f"-I{STAND_INS / 'tflm'}", "-fsyntax-only", source],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_tflm_as_an_application_takes_zephyrs_module(model: Path, tmp_path: Path) -> None:
    application = tflm_sources(tmp_path / "app", "zephyr", model)
    settings = (application / "prj.conf").read_text()
    for line in ("CONFIG_CPP=y", "CONFIG_TENSORFLOW_LITE_MICRO=y"):
        assert line in settings.splitlines()
    assert "+tflite-micro" in (application / "README.md").read_text()
    application_for_pc(application, tmp_path / "build", cycles_per_sec=1)
