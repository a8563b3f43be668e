"""Finding compilers, and compilers that are missing, broken, noisy or hang."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.firmware.toolchain import make_project, write_program

from tinycompress import _proc
from tinycompress.artifacts import ToolchainChoice
from tinycompress.errors import DoesNotFitError, ToolError
from tinycompress.toolchain import build, compiler, find
from tinycompress.toolchain.overflow import does_not_fit


@pytest.fixture
def no_compilers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH with nothing but what a test puts into the returned directory."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.delenv(find.GCC_VARIABLE, raising=False)
    monkeypatch.delenv(find.ZIG_VARIABLE, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    return directory


def fake_gcc(directory: Path, script: str) -> Path:
    """A gcc that knows its version and does as ``script`` says otherwise."""
    return write_program(
        directory / find.GCC, f'[ "$1" = -dumpfullversion ] && echo 99.1 && exit\n{script}\n'
    )


def test_the_zig_that_pip_brought() -> None:
    zig = find.find_zig()
    assert zig.name == "zig"
    assert Path(zig.command[0]).parent.name == "ziglang"
    assert zig.command[1:] == ("cc",)
    witness = subprocess.run(
        [sys.executable, "-m", "ziglang", "version"], capture_output=True, text=True, check=True
    )
    assert zig.version == witness.stdout.strip()


@pytest.mark.gcc
def test_the_gcc_on_the_path() -> None:
    gcc = find.find_gcc()
    assert (gcc.name, len(gcc.command)) == ("gcc", 1)
    assert gcc.version[0].isdigit()


def test_auto_is_zig_even_where_gcc_is(no_compilers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_gcc(no_compilers, "exit 0")
    zig = write_program(no_compilers / "my-zig", "echo 0.99.0")
    monkeypatch.setenv(find.ZIG_VARIABLE, str(zig))
    assert find.select("auto").version == "0.99.0"
    assert find.select("gcc").version == "99.1"


def test_auto_falls_back_to_gcc(no_compilers: Path) -> None:
    fake_gcc(no_compilers, "exit 0")
    assert find.select("auto").name == "gcc"


def test_the_variable_wins_over_the_path(
    no_compilers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_gcc(no_compilers, "exit 0")
    other = write_program(tmp_path / "other-gcc", "echo 7.7")
    monkeypatch.setenv(find.GCC_VARIABLE, str(other))
    assert find.find_gcc().version == "7.7"


@pytest.mark.usefixtures("no_compilers")
@pytest.mark.parametrize(
    ("choice", "said", "hint"),
    [
        ("auto", "no cross compiler", "pip install ziglang"),
        ("zig", "zig is missing", "pip install ziglang"),
        ("gcc", "arm-none-eabi-gcc is missing", "apt install gcc-arm-none-eabi"),
    ],
)
def test_missing_compilers(choice: ToolchainChoice, said: str, hint: str) -> None:
    with pytest.raises(ToolError, match=said) as caught:
        find.select(choice)
    assert caught.value.exit_code == 5
    assert caught.value.hint is not None
    assert hint in caught.value.hint


def test_a_variable_that_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(find.GCC_VARIABLE, "/no/such/gcc")
    with pytest.raises(ToolError, match="program not found: /no/such/gcc"):
        find.find_gcc()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 0", "no version"),
        ("echo dying >&2; exit 3", r"(?s)exit code 3.*dying"),
        ("kill -SEGV $$", "exit code -11"),
    ],
)
def test_a_compiler_that_does_not_even_know_its_version(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = write_program(tmp_path / "gcc", script)
    monkeypatch.setenv(find.GCC_VARIABLE, str(program))
    with pytest.raises(ToolError, match=said):
        find.find_gcc()


def test_a_file_that_is_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "gcc"
    broken.write_bytes(b"\x7fELF but not really")
    broken.chmod(0o755)
    monkeypatch.setenv(find.GCC_VARIABLE, str(broken))
    with pytest.raises(ToolError, match="cannot be executed"):
        find.find_gcc()


class TestZigCache:
    @pytest.fixture(autouse=True)
    def _clean(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "tmp"))
        (tmp_path / "tmp").mkdir()

    def place(self) -> Path:
        environment = find.zig_environment()
        assert environment["ZIG_GLOBAL_CACHE_DIR"] == environment["ZIG_LOCAL_CACHE_DIR"]
        return Path(environment["ZIG_GLOBAL_CACHE_DIR"])

    def test_in_the_users_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        assert self.place() == tmp_path / "home" / ".cache" / "tinycompress" / "zig"
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert self.place() == tmp_path / "xdg" / "tinycompress" / "zig"
        monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(tmp_path / "named"))
        assert self.place() == tmp_path / "named"

    @pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null/home"])
    def test_a_home_that_cannot_be_written(
        self, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", home)
        assert self.place().parent == tmp_path / "tmp"
        assert self.place().stat().st_mode & 0o077 == 0

    def test_no_place_at_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", "/proc/nowhere")
        with pytest.raises(ToolError, match="no place for zig's cache") as caught:
            find.zig_environment()
        assert caught.value.hint is not None


def test_a_compiler_that_crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(find.GCC_VARIABLE, str(fake_gcc(tmp_path, "kill -SEGV $$")))
    project, board = make_project(tmp_path / "p")
    with pytest.raises(ToolError, match=r"(?s)do not compile with gcc 99\.1.*main\.c: no message"):
        build(project, board, toolchain="gcc")
    assert not (project.directory / "build").exists()


def test_a_compiler_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(find.GCC_VARIABLE, str(fake_gcc(tmp_path, "sleep 600 & wait")))
    monkeypatch.setattr(compiler, "COMPILE_TIMEOUT_S", 0.5)
    project, board = make_project(tmp_path / "p")
    with pytest.raises(ToolError, match=r"no end after 0\.5 s: .*gcc"):
        build(project, board, toolchain="gcc")
    assert not (project.directory / "build").exists()


def test_a_compiler_that_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(find.GCC_VARIABLE, str(fake_gcc(tmp_path, "exit 0")))
    project, board = make_project(tmp_path / "p")
    with pytest.raises(ToolError, match=r"wrote no firmware\.elf"):
        build(project, board, toolchain="gcc")
    assert not (project.directory / "build").exists()


def test_a_flood_of_errors_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flood = "i=0; while [ $i -lt 500 ]; do echo line $i >&2; i=$((i+1)); done; exit 1"
    monkeypatch.setenv(find.GCC_VARIABLE, str(fake_gcc(tmp_path, flood)))
    project, board = make_project(tmp_path / "p")
    with pytest.raises(ToolError, match=r"(?s)line 0\n.*more lines") as caught:
        build(project, board, toolchain="gcc")
    assert len(caught.value.message.splitlines()) < 70


def test_a_missing_c_library_has_its_own_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        'for w in "$@"; do [ "$w" = -c ] && exit 0; done; echo "ld: cannot find -lc" >&2; exit 1'
    )
    monkeypatch.setenv(find.GCC_VARIABLE, str(fake_gcc(tmp_path, script)))
    project, board = make_project(tmp_path / "p")
    with pytest.raises(ToolError, match="cannot find -lc") as caught:
        build(project, board, toolchain="gcc")
    assert "libnewlib-arm-none-eabi" in str(caught.value.hint)


GNU_LD = """\
/usr/bin/ld: firmware.elf section `.text' will not fit in region `FLASH'
/usr/bin/ld: region `FLASH' overflowed by 134524 bytes
/usr/bin/ld: region `RAM' overflowed by 1 byte
collect2: error: ld returned 1 exit status
"""
LLD = """\
ld.lld: error: section '.text' will not fit in region 'FLASH': overflowed by 60976 bytes
ld.lld: error: section '.data' will not fit in region 'FLASH': overflowed by 61700 bytes
"""
GCC_ASSERTION = (
    'm.c:1:1: error: static assertion failed: "the arena (9 bytes) does not fit the board"\n'
)
CLANG_ASSERTION = (
    "m.c:1:16: error: static assertion failed due to requirement '9 <= 8': the arena (9 bytes)"
    " does not fit the board\n    1 | _Static_assert(9 <= 8, ...\n"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GNU_LD, "region FLASH of the board is too small by 134524 bytes; memory region RAM of"),
        (LLD, "region FLASH of the board is too small by 61700 bytes"),
        (GCC_ASSERTION, "does not fit: the arena (9 bytes) does not fit the board"),
        (CLANG_ASSERTION, "does not fit: the arena (9 bytes) does not fit the board"),
    ],
    ids=["gnu-ld", "lld", "gcc", "clang"],
)
def test_recognises_what_does_not_fit(text: str, said: str) -> None:
    found = does_not_fit(text)
    assert isinstance(found, DoesNotFitError)
    assert said in found.message


@pytest.mark.parametrize(
    "text", ["", "ld: undefined reference to `fit'", 'error: static assertion failed: "odd"']
)
def test_other_failures_are_not_taken_for_it(text: str) -> None:
    assert does_not_fit(text) is None


def test_a_time_out_ends_the_children_too(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    program = write_program(tmp_path / "parent", f"(sleep 2; touch {mark}) &\nwait\n")
    started = time.monotonic()
    with pytest.raises(ToolError, match=r"no end after 0\.3 s"):
        _proc.run([program], timeout_s=0.3)
    assert time.monotonic() - started < 1.9
    time.sleep(2.2)
    assert not mark.exists()


def test_a_missing_working_directory_is_not_blamed_on_the_program(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no such directory"):
        _proc.run([sys.executable, "-V"], timeout_s=10, cwd=tmp_path / "absent")


def test_a_caller_may_read_a_failure(tmp_path: Path) -> None:
    program = write_program(tmp_path / "p", "echo out; echo err >&2; exit 4")
    done = _proc.run([program], timeout_s=10, check=False)
    assert (done.exit_code, done.stdout, done.stderr) == (4, "out\n", "err\n")
