"""Finding the user's build of TFLM: what is taken, what is refused and with which words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.firmware.tflm import add_library, cnn_project, stand_in_checkout

from tinycompress.boards import Board, list_boards, load_board
from tinycompress.boards.schema import Cpu
from tinycompress.errors import BoardError, ConfigError, ToolError
from tinycompress.firmware.tflm_library import tflm_target
from tinycompress.toolchain import build
from tinycompress.toolchain.archive import library_target
from tinycompress.toolchain.doctor import diagnose
from tinycompress.toolchain.tflm import (
    check_complete,
    check_operators,
    checkout_commit,
    find_tflm,
)

M3 = ("-mcpu=cortex-m3", "-mfloat-abi=soft")
M4 = ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
M7 = ("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16")
RELEASE_M4 = "cortex-m4+fp_release_cmsis_nn"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return stand_in_checkout(tmp_path / "tflite-micro")


def cpu(board: str) -> Cpu:
    return load_board(board).cpu


# --- what upstream calls a core -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("board", "arch"),
    [
        ("nano33", "cortex-m4+fp"), ("mps2_an386", "cortex-m4+fp"), ("mps2_an385", "cortex-m3"),
        ("mps2_an500", "cortex-m7+fp"), ("pico", "cortex-m0plus"),
        ("nucleo_u575zi_q", "cortex-m33"),
    ],
)  # fmt: skip
def test_the_make_command_names_the_core(board: str, arch: str) -> None:
    target = tflm_target(cpu(board))
    assert f" TARGET_ARCH={arch} OPTIMIZED_KERNEL_DIR=cmsis_nn " in target.make_command
    assert target.make_command.endswith(" microlite")
    assert target.library.startswith(f"gen/cortex_m_generic_{arch}_release_cmsis_nn_gcc/lib/")


@pytest.mark.parametrize("board", list_boards(), ids=lambda board: board.id)
def test_every_shipped_board_has_a_target(board: Board) -> None:
    told = tflm_target(board.cpu).fpu
    assert told == ("fpv5-sp-d16" if board.id == "disco_f746ng" else None)


def test_an_fpu_that_the_core_does_not_imply_is_told() -> None:
    target = tflm_target(cpu("disco_f746ng"))
    assert " TARGET_ARCH=cortex-m7+fp FPU=fpv5-sp-d16 " in target.make_command


def test_a_core_that_upstream_does_not_build_for_is_refused() -> None:
    with pytest.raises(BoardError, match="no target for cortex-m33"):
        tflm_target(cpu("nucleo_u575zi_q").model_copy(update={"dsp": False}))


# --- finding ------------------------------------------------------------------------------------


def test_nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFLM_DIR", raising=False)
    with pytest.raises(ToolError, match="neither --tflm-dir nor the variable TFLM_DIR") as caught:
        find_tflm(cpu("nano33"))
    assert "TARGET_ARCH=cortex-m4+fp OPTIMIZED_KERNEL_DIR=cmsis_nn" in str(caught.value.hint)
    assert caught.value.exit_code == 5


@pytest.mark.gcc
def test_the_variable_names_the_checkout(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = add_library(checkout, RELEASE_M4, *M4)
    monkeypatch.setenv("TFLM_DIR", str(checkout))
    found = find_tflm(cpu("nano33"))
    assert (found.path, found.target_arch, found.build_type) == (library, "cortex-m4+fp", "release")
    assert found.commit is None
    assert str(found.target) == "Armv7E-M, FPv4 (single precision), hard-float ABI"


@pytest.mark.gcc
def test_release_is_preferred_and_an_option_beats_the_variable(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for build_type in ("default", "release_with_logs", "release"):
        add_library(checkout, f"cortex-m4+fp_{build_type}_cmsis_nn", *M4)
    monkeypatch.setenv("TFLM_DIR", str(tmp_path / "elsewhere"))
    assert find_tflm(cpu("nano33"), checkout).build_type == "release"


@pytest.mark.gcc
def test_a_library_of_another_core_is_refused(checkout: Path) -> None:
    add_library(checkout, "cortex-m3_release_cmsis_nn", *M3)
    with pytest.raises(ToolError) as caught:
        find_tflm(cpu("nano33"), checkout)
    message = caught.value.message
    assert "is for Armv7-M, cortex-m4 is Armv7E-M" in message
    assert "has the soft-float ABI, the board's firmware hard" in message
    assert "make -j4 -f tensorflow" in str(caught.value.hint)


@pytest.mark.gcc
def test_a_better_fpu_than_the_boards_is_refused(checkout: Path) -> None:
    add_library(checkout, "cortex-m7+fp_release_cmsis_nn", *M7)
    with pytest.raises(ToolError, match=r"uses FPv5, the board has fpv4-sp-d16"):
        find_tflm(cpu("nano33"), checkout)


@pytest.mark.gcc
def test_another_float_abi_alone_is_refused(checkout: Path) -> None:
    add_library(
        checkout, "cortex-m4+sfp_release_cmsis_nn", "-mcpu=cortex-m4", "-mfloat-abi=softfp",
        "-mfpu=fpv4-sp-d16",
    )  # fmt: skip
    with pytest.raises(ToolError, match="has the soft-float ABI, the board's firmware hard"):
        find_tflm(cpu("nano33"), checkout)


@pytest.mark.gcc
@pytest.mark.parametrize(
    ("board", "flags"),
    [
        ("pico", ("-mcpu=cortex-m0plus", "-mfloat-abi=soft")),
        ("mps2_an385", M3),
        ("mps2_an500", M7),
        ("nucleo_u575zi_q", ("-mcpu=cortex-m33", "-mfloat-abi=hard", "-mfpu=auto")),
    ],
)
def test_the_attributes_of_each_core_are_known(
    board: str, flags: tuple[str, ...], checkout: Path
) -> None:
    path = add_library(checkout, "x_release_cmsis_nn", *flags)
    assert library_target(path).problems(cpu(board)) == ()
    others = {"pico", "mps2_an385", "nano33"} - {board}
    for other in others:
        assert library_target(path).problems(cpu(other))


def test_a_checkout_without_a_library(checkout: Path) -> None:
    with pytest.raises(ToolError, match="holds no libtensorflow-microlite") as caught:
        find_tflm(cpu("nano33"), checkout)
    assert "TARGET_ARCH=cortex-m4+fp" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not an archive", "does not begin as an archive"),
        (b"!<arch>\n" + b"x" * 60, "no member's header"),
        (b"!<arch>\n", "holds no object file"),
        (b"!<arch>\n" + b"a.o/".ljust(48) + b"8".ljust(10) + b"`\n" + b"\x7fELF" + b"\x00" * 4,
         "no usable static library"),
    ],
)  # fmt: skip
def test_a_damaged_library(checkout: Path, content: bytes, words: str) -> None:
    path = checkout / "gen" / f"cortex_m_generic_{RELEASE_M4}_gcc" / "lib"
    path.mkdir(parents=True)
    (path / "libtensorflow-microlite.a").write_bytes(content)
    with pytest.raises(ToolError, match=words):
        find_tflm(cpu("nano33"), checkout)


# --- completeness and age -----------------------------------------------------------------------


def test_some_other_directory(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="is no checkout of tflite-micro"):
        check_complete(tmp_path)


def test_missing_downloads_are_all_named(checkout: Path) -> None:
    downloads = checkout / "tensorflow/lite/micro/tools/make/downloads"
    (downloads / "flatbuffers/include/flatbuffers/flatbuffers.h").unlink()
    (downloads / "ruy/ruy/profiler/instrumentation.h").unlink()
    with pytest.raises(ToolError) as caught:
        check_complete(checkout, tflm_target(cpu("nano33")))
    assert "flatbuffers.h" in caught.value.message
    assert "instrumentation.h" in caught.value.message
    assert "gemmlowp" not in caught.value.message
    assert "make" in str(caught.value.hint)


def test_an_old_checkout(checkout: Path) -> None:
    header = checkout / "tensorflow/lite/micro/micro_op_resolver.h"
    header.write_text(header.read_text().replace("TFLMRegistration", "TfLiteRegistration"))
    with pytest.raises(ToolError, match="too old: its headers have no TFLMRegistration") as caught:
        check_complete(checkout)
    assert "90b983c2b3f1" in caught.value.message


def test_an_operator_that_the_checkout_lacks(checkout: Path) -> None:
    header = checkout / "tensorflow/lite/micro/micro_mutable_op_resolver.h"
    header.write_text(header.read_text().replace("AddSoftmax(", "AddOther("))
    source = "if (resolver.AddSoftmax(tflite::x()) != kTfLiteOk) resolver.AddReshape()"
    with pytest.raises(ToolError, match="resolver has no AddSoftmax"):
        check_operators(checkout, source)


def test_the_commit_is_gits(checkout: Path) -> None:
    assert checkout_commit(checkout) is None
    git = ["git", "-C", str(checkout), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    commit = checkout_commit(checkout)
    assert commit is not None
    assert len(commit) == 40
    (checkout / "tensorflow/lite/c/common.h").write_text("changed")
    assert checkout_commit(checkout) == f"{commit}+changes"


# --- building and the doctor --------------------------------------------------------------------


def test_zig_cannot_build_it(tmp_path: Path, checkout: Path) -> None:
    project = cnn_project("nano33", tmp_path / "project")
    with pytest.raises(ConfigError, match="cannot be built with zig"):
        build(project, load_board("nano33"), toolchain="zig", tflm_dir=checkout)
    assert not (project.directory / "build").exists()


@pytest.mark.gcc
def test_a_missing_cxx_compiler(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_library(checkout, RELEASE_M4, *M4)
    project = cnn_project("nano33", tmp_path / "project")
    alone = tmp_path / "bin" / "arm-none-eabi-gcc"
    alone.parent.mkdir()
    alone.write_text('#!/bin/sh\nexec arm-none-eabi-gcc "$@"\n')
    alone.chmod(0o755)
    monkeypatch.setenv("TC_ARM_GCC", str(alone))
    with pytest.raises(ToolError, match=r"arm-none-eabi-g\+\+ is missing") as caught:
        build(project, load_board("nano33"), tflm_dir=checkout)
    assert "libstdc++-arm-none-eabi-newlib" in str(caught.value.hint)
    assert not (project.directory / "build").exists()


@pytest.mark.gcc
def test_the_doctor_says_what_was_built_for_which_core(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finding() -> tuple[str, str]:
        (one,) = [found for found in diagnose() if found.name == "TFLM library"]
        return one.status, f"{one.version} {one.detail} {one.hint}"

    monkeypatch.delenv("TFLM_DIR", raising=False)
    assert finding()[0] == "missing"
    monkeypatch.setenv("TFLM_DIR", str(checkout))
    status, text = finding()
    assert status == "missing"
    assert "nothing was built" in text
    add_library(checkout, RELEASE_M4, *M4)
    status, text = finding()
    assert status == "ok"
    assert "commit unknown" in text
    assert "cortex-m4+fp release (Armv7E-M" in text
    (checkout / "tensorflow/lite/micro/micro_interpreter.h").unlink()
    status, text = finding()
    assert status == "broken"
    assert "micro_interpreter.h" in text
