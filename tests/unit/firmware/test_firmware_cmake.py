"""Building a project by hand, with CMake alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.common import require_tool
from support.device.process_link import ProcessLink
from support.firmware.projects import copy_project

from tinycompress.boards import load_board
from tinycompress.device.serial_link import SerialLink
from tinycompress.elf import read_elf
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.toolchain import build as build_project


def cmake_build(directory: Path, *options: str, name: str = "by-hand") -> Path:
    """Configure and build; the build directory. Nothing may be said about it: no warning."""
    build = directory / name
    for argv in (
        [require_tool("cmake"), "-B", str(build), *options],
        [require_tool("cmake"), "--build", str(build)],
    ):
        done = subprocess.run(
            argv, cwd=directory, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in (done.stdout + done.stderr).lower()
    return build


@pytest.mark.parametrize("board", ["nano33", "pico"])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["-DTC_TOOLCHAIN=gcc"], marks=pytest.mark.gcc, id="gcc"),
        pytest.param(["-DTC_TOOLCHAIN=zig", f"-DTC_PYTHON={sys.executable}"], id="zig"),
    ],
)
def test_a_project_builds_wherever_it_is_moved_to(
    board: str, options: list[str], tmp_path: Path
) -> None:
    copy_project(board, tmp_path / "made" / "here")
    moved = tmp_path / "moved to" / "there"
    shutil.copytree(tmp_path / "made" / "here", moved)
    shutil.rmtree(tmp_path / "made")
    image = read_elf(cmake_build(moved, *options) / "firmware.elf")
    assert image.entry == image.require_symbol("tc_reset").address + 1
    assert image.build_id is not None
    assert str(tmp_path).encode() not in image.path.read_bytes()


@pytest.mark.gcc
def test_the_images_hold_what_the_elf_flashes(tmp_path: Path) -> None:
    build = cmake_build(copy_project("nano33", tmp_path / "project").directory)
    image = read_elf(build / "firmware.elf")
    code, data = (segment for segment in image.segments if segment.data)
    flashed = (build / "firmware.bin").read_bytes()
    assert flashed.startswith(code.data)
    assert flashed[data.physical_address - code.physical_address :] == data.data
    assert (build / "firmware.hex").read_text().startswith(":020000021000EC")


@pytest.mark.gcc
def test_cmake_links_a_users_sources_again_after_a_build_of_ours(tmp_path: Path) -> None:
    """Both share build/; CMake must not take the ELF that lacks app.c for up to date."""
    project = copy_project("nano33", tmp_path / "project")
    directory = project.directory
    (directory / "app.c").write_text("int app(void);\nint app(void) { return 42; }\n")
    lists = directory / "CMakeLists.txt"
    lists.write_text(lists.read_text() + "target_sources(firmware PRIVATE app.c)\n"
                     "target_link_options(firmware PRIVATE -Wl,--undefined=app)\n")  # fmt: skip
    elf = cmake_build(directory, "-DTC_TOOLCHAIN=gcc", name="build") / "firmware.elf"
    assert read_elf(elf).symbol("app") is not None
    built = build_project(project, load_board("nano33"), toolchain="gcc")
    assert built.elf == elf
    assert read_elf(elf).symbol("app") is None
    cmake_build(directory, name="build")
    assert read_elf(elf).symbol("app") is not None


@pytest.fixture(scope="module")
def host_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_tool("host-cc")
    directory = copy_project("nano33", tmp_path_factory.mktemp("host") / "project").directory
    return cmake_build(directory, "-DTC_HOST=ON", "-DTC_SANITIZE=ON") / "firmware"


def converse(client: DeviceClient) -> None:
    assert client.hello().build_id == "00" * 20
    info = client.info()
    assert info.board_id == "host"
    assert info.ticks_hz == 1_000_000_000
    client.echo(bytes(range(256)))
    client.write_input(0, bytes(range(24)))
    assert len(client.run(3).ticks) == 3
    assert client.read_output(0, 24) == bytes([1, 3, 5, *range(3, 24)])
    memory = client.memory()
    assert (memory.arena_bytes, memory.stack_peak_bytes) == (48, 0)


def test_the_same_program_runs_on_this_pc(host_program: Path) -> None:
    link = ProcessLink([host_program])
    try:
        converse(DeviceClient(link, timeout_s=20))
        _, errors = link.process.communicate(timeout=20)
        assert errors == b""
        assert link.process.returncode == 0
    finally:
        link.process.kill()
        link.process.wait()


def test_it_can_stand_in_for_a_board_on_a_serial_port(host_program: Path) -> None:
    process = subprocess.Popen(
        [host_program], env={"TC_HOST_PTY": "1"}, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        name = process.stderr.readline().strip()
        assert name.startswith("/dev/")
        # Twice: the terminal outlives a host that closes it.
        for _ in range(2):
            link = SerialLink(name, 115_200)
            try:
                converse(DeviceClient(link, timeout_s=20))
            finally:
                link.close()
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
