"""What gets written into a project directory, and what never does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.common import ROOT
from support.firmware.projects import TFLITE, copy_project, copy_sources

from tinycompress.boards import list_boards, load_board
from tinycompress.boards.schema import Board
from tinycompress.errors import ConfigError, DoesNotFitError
from tinycompress.firmware import load_plan, load_project, render_project
from tinycompress.firmware.render import project_tree

NANO = load_board("nano33")


def tree_of(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("board", list_boards(), ids=lambda board: board.id)
def test_same_input_same_bytes_and_no_trace_of_this_machine(board: Board, tmp_path: Path) -> None:
    for name in ("one", "two"):
        copy_project(board.id, tmp_path / name / "project")
    one, two = (tree_of(tmp_path / name / "project") for name in ("one", "two"))
    assert one == two
    assert {
        "CMakeLists.txt", "README.md", "board.ld", "board_config.h", "host/platform.c",
        "host/board_config.h", "model.tflite", "model/copy_model.c", "model/tck_math.h",
        "platform/platform.c", "platform/tc_startup.c", "platform/tc_fault.c", "runtime/main.c",
        "runtime/include/tc_model.h", "tinycompress.json", "toolchain-arm-none-eabi.cmake",
        "toolchain-zig.cmake",
    } <= set(one)  # fmt: skip
    assert ("platform/boot2.S" in one) == (board.family == "rp2040")
    for path, content in one.items():
        assert str(ROOT).encode() not in content, path
        assert str(tmp_path).encode() not in content, path
        assert not re.search(rb"\{\{|\{%|\}\}.*j2", content), path


def test_the_project_says_what_it_holds(tmp_path: Path) -> None:
    project = copy_project("nano33", tmp_path / "project")
    sources = copy_sources()
    assert project.board_id == "arduino_nano_33_ble"
    for fact in (
        "engine", "exact_to", "model_sha256", "inputs", "outputs", "layers", "arena_bytes",
        "weights_bytes",
    ):  # fmt: skip
        assert getattr(project, fact) == getattr(sources, fact)
    text = (project.directory / "tinycompress.json").read_text()
    table = json.loads(text)
    assert table["schema"] == "tinycompress.project"
    assert table["schema_version"] == 1
    assert text == json.dumps(table, indent=2, sort_keys=True) + "\n"


def test_the_plan_names_files_of_the_project_only(tmp_path: Path) -> None:
    project = copy_project("pico", tmp_path / "project")
    plan = load_plan(project.directory)
    assert plan.linker_script == "board.ld"
    assert plan.sources == tuple(sorted(plan.sources))
    for path in (*plan.sources, *plan.include_dirs, plan.linker_script):
        assert (project.directory / path).exists()
        assert not Path(path).is_absolute()
    assert "platform/boot2.S" in plan.sources
    assert not any(source.startswith("host/") for source in plan.sources)
    assert set(plan.toolchains) == {"gcc", "zig"}


def test_facts_of_the_board_are_in_its_headers_and_scripts(tmp_path: Path) -> None:
    directory = copy_project("nano33", tmp_path / "project").directory
    config = (directory / "board_config.h").read_text()
    for line in (
        '#define TC_BOARD_ID "arduino_nano_33_ble"',
        "#define TC_CORE_CLOCK_HZ 64000000u",
        "#define TC_TICKS_COUNT_CYCLES 1",
        "#define TC_UART_TX_PORT 1u",
        "#define TC_UART_TX_PIN 3u",
        "#define TC_STACK_BYTES 8192u",
        f"#define TC_BOARD_ARENA_MAX_BYTES {261632 - 8192}u",
    ):
        assert line in config.splitlines()
    script = (directory / "board.ld").read_text()
    assert "FLASH (rx) : ORIGIN = 0x00010000, LENGTH = 0x000f0000" in script
    assert "RAM (rw) : ORIGIN = 0x20000200, LENGTH = 0x0003fe00" in script


def test_every_line_that_people_read_is_short(tmp_path: Path) -> None:
    for board in list_boards():
        directory = copy_project(board.id, tmp_path / board.id).directory
        for name in ("board_config.h", "board.ld"):
            assert max(map(len, (directory / name).read_text().splitlines())) <= 100, name


def test_nothing_of_an_earlier_project_is_left_in_its_place(tmp_path: Path) -> None:
    directory = tmp_path / "project"
    copy_project("nano33", directory)
    assert copy_project("pico", directory).board_id == "raspberry_pi_pico"
    copy_project("pico", tmp_path / "fresh")
    assert tree_of(directory) == tree_of(tmp_path / "fresh")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "project"]


def test_nothing_else_is_ever_replaced(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="not empty"):
        copy_project("nano33", taken)
    assert tree_of(taken) == {"thesis.txt": b"years of work"}
    (taken / "tinycompress.json").write_text('{"schema": "tinycompress.bench"}')
    with pytest.raises(ConfigError, match="not empty"):
        copy_project("nano33", taken)
    with pytest.raises(ConfigError, match="a file is in the way"):
        copy_project("nano33", taken / "thesis.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]


def test_a_failure_leaves_the_earlier_project_alone(tmp_path: Path) -> None:
    directory = tmp_path / "project"
    copy_project("nano33", directory)
    before = tree_of(directory)
    with pytest.raises(FileNotFoundError):
        render_project(
            copy_sources(kernel_files=("no_such_kernel.h",)),
            NANO, directory, tflite=TFLITE, model_name="copy",
        )  # fmt: skip
    assert tree_of(directory) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project"]


def test_sources_of_another_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another model file"):
        render_project(copy_sources(), NANO, tmp_path / "p", tflite=b"other", model_name="copy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["../evil.c", "/etc/evil.c", "a/../../evil.c", ""])
def test_generated_files_stay_inside_the_model_directory(path: str) -> None:
    with pytest.raises(ValueError, match="leads out of model/"):
        project_tree(copy_sources(files={path: ""}), NANO, tflite=TFLITE, model_name="copy")


def test_a_name_cannot_break_out_of_the_readme() -> None:
    tree = project_tree(
        copy_sources(), NANO, tflite=TFLITE, model_name="a`b\n# c<script> {{ d }} é.tflite"
    )
    assert tree["README.md"].decode().startswith("# a_b__ c_script_ __ d __ é.tflite on Arduino")


def test_a_family_without_a_port_is_refused(tmp_path: Path) -> None:
    board = NANO.model_copy(update={"family": "nrf54"})
    with pytest.raises(
        ConfigError, match="no port for MCU family 'nrf54'; there are: imxrt1060, mps2, mps3"
    ):
        render_project(copy_sources(), board, tmp_path / "p", tflite=TFLITE, model_name="copy")


def test_what_cannot_fit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    arena_bytes = 261_632 - 8_192
    render_project(
        copy_sources(arena_bytes=arena_bytes, weights_bytes=983_040),
        NANO, tmp_path / "just", tflite=TFLITE, model_name="copy",
    )  # fmt: skip
    with pytest.raises(DoesNotFitError) as caught:
        render_project(
            copy_sources(arena_bytes=arena_bytes + 7, weights_bytes=983_045, peak_layer="conv_3"),
            NANO, tmp_path / "over", tflite=TFLITE, model_name="copy",
        )  # fmt: skip
    message = caught.value.message
    assert "Arduino Nano 33 BLE" in message
    assert (
        "peak at layer 'conv_3'), 7 more than the 253,440 bytes that memory region RAM has"
        in message
    )
    assert "983,045 bytes, 5 more than the 983,040 bytes of flash" in message
    assert caught.value.hint is not None
    assert "nucleo_h743zi" in caught.value.hint
    assert "qemu" not in caught.value.hint
    assert not (tmp_path / "over").exists()


def test_a_model_that_only_emulated_boards_hold(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFitError) as caught:
        render_project(
            copy_sources(arena_bytes=2 << 20), NANO, tmp_path / "p", tflite=TFLITE,
            model_name="copy",
        )  # fmt: skip
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("large enough, but emulated only: qemu_mps2_an38")


def test_a_model_for_no_board_at_all(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFitError) as caught:
        render_project(
            copy_sources(weights_bytes=1 << 24), NANO, tmp_path / "p", tflite=TFLITE,
            model_name="copy",
        )  # fmt: skip
    assert caught.value.hint == "no shipped board is large enough; make the model smaller"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ("[]", "does not describe a project"),
        ('{"schema": "tinycompress.project"}', "schema_version None, must be 1"),
        ('{"schema": "tinycompress.project", "schema_version": 1}', "lacks or garbles"),
        (
            '{"schema": "tinycompress.project", "schema_version": 1, "build": 3, "board": "x",'
            ' "inputs": 3}',
            "lacks or garbles",
        ),
    ],
)
def test_a_broken_project_file(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "tinycompress.json").write_text(text)
    for load in (load_project, load_plan):
        with pytest.raises(ConfigError, match=message):
            load(tmp_path)


def test_a_directory_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no project"):
        load_project(tmp_path)


@pytest.mark.parametrize(
    "board", [board for board in list_boards() if board.flash], ids=lambda board: board.id
)
def test_the_readme_tells_every_way_to_flash(board: Board) -> None:
    tree = project_tree(copy_sources(), board, tflite=TFLITE, model_name="copy")
    _, _, rest = tree["README.md"].decode().partition("In order of preference:\n")
    section, _, _ = rest.partition("## Talk to it")
    told = section.split("\n")
    programs = {
        "bossac": "bossac ", "pyocd": "pyocd flash", "openocd": "openocd -f ", "jlink": "JLinkExe",
        "picotool": "picotool load", "volume": "USB drive", "dfu-util": "dfu-util ",
        "teensy": "teensy_loader_cli ",
    }  # fmt: skip
    for method in board.flash:
        assert any(programs[method.method] in line for line in told), method
        assert f"firmware.{method.image}" in section


@pytest.mark.parametrize("board", list_boards(), ids=lambda b: b.id)
def test_a_project_has_the_headers_that_its_sources_take_and_no_others(
    board: Board, tmp_path: Path
) -> None:
    directory = copy_project(board, tmp_path / "project").directory
    files = [path for path in directory.rglob("*") if path.suffix in (".c", ".h", ".S", ".cpp")]
    included = {
        name
        for path in files
        for name in re.findall(r'#\s*include "(?:.*/)?([^"/]+)"', path.read_text())
    }
    headers = {path.name for path in files if path.suffix == ".h"}
    assert headers - included == set()
    assert included - headers == set()
    family = "stm32" if board.family.startswith("stm32") else board.family[:4]
    others = {"tc_stm32_gpio.h": "stm32", "tc_cmsdk_uart.h": "mps", "tc_rp2.h": "rp2"}
    for header, of in others.items():
        assert header not in headers or family.startswith(of)
