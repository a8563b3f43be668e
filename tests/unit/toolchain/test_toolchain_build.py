"""Driving real compilers: reproducible, whole or not at all, and clear about what fails."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from support.firmware.toolchain import MODEL_C, files_of, make_project, write_program

from tinycompress.artifacts import BuiltFirmware, FirmwareProject
from tinycompress.boards import Board, load_board
from tinycompress.elf import read_elf
from tinycompress.errors import ConfigError, DoesNotFitError, ToolError
from tinycompress.toolchain import build, load_built
from tinycompress.toolchain.images import binary_image

BOTH = pytest.mark.parametrize("chain", ["zig", pytest.param("gcc", marks=pytest.mark.gcc)])


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], BuiltFirmware]:
    """The project of known content, built once with a toolchain. Not to be changed."""
    done: dict[str, BuiltFirmware] = {}

    def get(chain: str) -> BuiltFirmware:
        if chain not in done:
            project, board = make_project(tmp_path_factory.mktemp(chain) / "known")
            done[chain] = build(project, board, toolchain=chain)  # type: ignore[arg-type]
        return done[chain]

    return get


Known = Callable[[str], BuiltFirmware]


def with_model(old: str, new: str) -> str:
    assert old in MODEL_C
    return MODEL_C.replace(old, new)


@BOTH
def test_same_bytes_wherever_the_project_lies(chain: str, tmp_path: Path) -> None:
    places = (tmp_path / "a", tmp_path / "a longer, stranger 'path'" / "b")
    results = []
    for place in places:
        place.parent.mkdir(exist_ok=True)
        project, board = make_project(place)
        results.append(build(project, board, toolchain=chain))  # type: ignore[arg-type]
    first, second = (files_of(place / "build") for place in places)
    assert sorted(first) == sorted(second)
    assert {"firmware.elf", "firmware.bin", "firmware.hex", "build.json"} <= set(first)
    for name in first:
        assert first[name] == second[name], name
    assert results[0].build_id == results[1].build_id
    elf = results[0].elf.read_bytes()
    for secret in (b"/tmp", b"/home", str(tmp_path).encode(), b"ziglang", b".debug_"):
        assert secret not in elf


@BOTH
def test_another_source_gives_another_build_id(chain: str, known: Known, tmp_path: Path) -> None:
    project, board = make_project(tmp_path / "p", model_c=with_model("{1, -2, 3}", "{1, -2, 4}"))
    other = build(project, board, toolchain=chain)  # type: ignore[arg-type]
    assert other.build_id != known(chain).build_id


@BOTH
def test_the_build_id_lies_in_flash_where_the_firmware_reads_it(chain: str, known: Known) -> None:
    built = known(chain)
    image = read_elf(built.elf)
    start = image.require_symbol("__tc_build_id_start").address
    end = image.require_symbol("__tc_build_id_end").address
    origin, flash = binary_image(image)
    assert origin == 0x10000
    assert flash == built.images["bin"].read_bytes()
    assert flash[start - origin : end - origin][16:].hex() == built.build_id
    assert len(built.build_id) == 40


@pytest.mark.gcc
@BOTH
def test_images_equal_those_of_objcopy(chain: str, known: Known, tmp_path: Path) -> None:
    objcopy = [str(shutil.which("arm-none-eabi-objcopy")), "-O", "binary", "--gap-fill", "0xFF"]
    built = known(chain)
    witness, loaded = tmp_path / "witness.bin", tmp_path / "loaded.bin"
    subprocess.run([*objcopy, built.elf, witness], check=True)
    binary = built.images["bin"].read_bytes()
    assert len(binary) == witness.stat().st_size
    # objcopy copies sections and fills what lies between; the ELF itself says 0 there.
    differing = [
        pair for pair in zip(binary, witness.read_bytes(), strict=True) if len({*pair}) > 1
    ]
    assert set(differing) <= {(0x00, 0xFF)}
    assert len(differing) < 16
    # Record sizes and line ends are free, so compare what the files load.
    subprocess.run([*objcopy, "-I", "ihex", built.images["hex"], loaded], check=True)
    assert loaded.read_bytes() == binary


@BOTH
def test_warnings_are_shown_and_kept(
    chain: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = with_model("    tcm_layer_0();\n", "    int unused_thing;\n    tcm_layer_0();\n")
    project, board = make_project(tmp_path / "p", model_c=model)
    with caplog.at_level(logging.WARNING):
        build(project, board, toolchain=chain)  # type: ignore[arg-type]
    record = json.loads((project.directory / "build" / "build.json").read_text())
    (warning,) = record["warnings"]
    assert "unused_thing" in warning
    assert "model/tcm_model.c:" in warning
    assert str(tmp_path) not in warning
    assert warning in caplog.text


@BOTH
def test_a_clean_project_gives_no_warnings(chain: str, known: Known) -> None:
    record = json.loads((known(chain).elf.parent / "build.json").read_text())
    assert record["warnings"] == []


@BOTH
def test_a_syntax_error_is_shown_as_the_compiler_says_it(chain: str, tmp_path: Path) -> None:
    project, board = make_project(
        tmp_path / "p", model_c=with_model("tcm_layer_0();\n", "tcm_layer_0(;\n")
    )
    with pytest.raises(ToolError, match=r"(?s)1 of \d+ files.*model/tcm_model\.c:\d+:\d+: error"):
        build(project, board, toolchain=chain)  # type: ignore[arg-type]
    assert sorted(p.name for p in project.directory.iterdir() if "build" in p.name) == []


@BOTH
def test_an_unresolved_symbol_fails_the_link(chain: str, tmp_path: Path) -> None:
    model = with_model("    tcm_layer_0();\n", "    nowhere();\n").replace(
        "static volatile uint32_t runs;", "void nowhere(void);\nstatic volatile uint32_t runs;"
    )
    model = model.replace(
        "__attribute__((noinline)) static void tcm_layer_0",
        "void tcm_layer_0(void);\nvoid tcm_layer_0",
    )
    project, board = make_project(tmp_path / "p", model_c=model)
    with pytest.raises(ToolError, match=r"(?s)does not link.*nowhere"):
        build(project, board, toolchain=chain)  # type: ignore[arg-type]


@BOTH
@pytest.mark.parametrize(
    ("old", "new", "region"),
    [
        ("TEST_WEIGHTS_BYTES 1000", "TEST_WEIGHTS_BYTES 1000000", "FLASH"),
        ("TEST_ARENA_BYTES 512", "TEST_ARENA_BYTES 300000", "RAM"),
    ],
    ids=["flash", "ram"],
)
def test_what_does_not_fit_says_by_how_much(
    chain: str, old: str, new: str, region: str, known: Known, tmp_path: Path
) -> None:
    built = known(chain)
    big, board = make_project(tmp_path / "big", model_c=with_model(old, new))
    with pytest.raises(DoesNotFitError) as caught:
        build(big, board, toolchain=chain)  # type: ignore[arg-type]
    assert caught.value.exit_code == 4
    assert caught.value.hint
    grown = int(new.split()[1]) - int(old.split()[1])
    memory = next(m for m in board.memory if m.name == region)
    used = built.flash.total_bytes if region == "FLASH" else built.ram.reserved_bytes
    expected = used + grown - memory.length
    words = caught.value.message.split()
    missing = int(words[words.index("bytes") - 1])
    assert f"region {region} " in caught.value.message
    assert abs(missing - expected) < 64
    assert not (big.directory / "build").exists()


def test_a_failed_build_keeps_the_last_good_one(tmp_path: Path) -> None:
    project, board = make_project(tmp_path / "p")
    good = build(project, board)
    before = files_of(project.directory / "build")
    source = project.directory / "model" / "tcm_model.c"
    source.write_text("not C\n")
    with pytest.raises(ToolError):
        build(project, board)
    assert files_of(project.directory / "build") == before
    assert load_built(project, board) == good
    assert [p.name for p in project.directory.iterdir() if p.name.startswith(".build")] == []


def test_progress_counts_files(tmp_path: Path) -> None:
    project, board = make_project(tmp_path / "p")
    seen: list[tuple[str, int, int]] = []
    build(project, board, progress=lambda stage, done=0, total=0: seen.append((stage, done, total)))
    total = seen[0][2]
    assert total == len(list((project.directory / "build" / "obj").iterdir()))
    assert seen == [("compile", n, total) for n in range(total + 1)] + [("link", 0, 0)]


@pytest.mark.slow
def test_builds_side_by_side_with_a_cold_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(tmp_path / "cache"))
    projects = [make_project(tmp_path / name) for name in ("a", "b", "c")]
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda pair: build(*pair, toolchain="zig"), projects))
    assert len({result.elf_sha256 for result in results}) == 1


@pytest.mark.slow
def test_home_may_be_missing_or_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, board = make_project(tmp_path / "p")
    for name in ("ZIG_GLOBAL_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/proc/nowhere")
    assert build(project, board, toolchain="zig").toolchain == "zig"


@pytest.fixture
def built_copy(known: Known, tmp_path: Path) -> tuple[FirmwareProject, Board]:
    # Rendering again and copying build/ there: the facts are the same, the place is not.
    project, board = make_project(tmp_path / "p")
    shutil.copytree(known("zig").elf.parent, project.directory / "build")
    return project, board


def test_loads_what_was_built(known: Known, built_copy: tuple[FirmwareProject, Board]) -> None:
    built, (project, board) = known("zig"), built_copy
    assert load_built(built.project, board) == built
    moved = load_built(project, board)
    assert moved.elf == project.directory / "build" / "firmware.elf"
    assert replace(moved, project=built.project, elf=built.elf, images=built.images) == built


@pytest.mark.parametrize("name", ["firmware.elf", "firmware.bin", "firmware.hex"])
def test_load_refuses_a_changed_file(name: str, built_copy: tuple[FirmwareProject, Board]) -> None:
    path = built_copy[0].directory / "build" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"{name} is not the file that build\.json"):
        load_built(*built_copy)


@pytest.mark.parametrize("name", ["firmware.elf", "firmware.hex", "build.json"])
def test_load_refuses_a_missing_file(name: str, built_copy: tuple[FirmwareProject, Board]) -> None:
    (built_copy[0].directory / "build" / name).unlink()
    with pytest.raises(ConfigError, match=name) as caught:
        load_built(*built_copy)
    assert caught.value.hint is not None
    assert "tinycompress build" in caught.value.hint


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda _: b"", "Invalid JSON"),
        (lambda _: b"[]", "the file"),
        (lambda text: text.replace(b"tinycompress.build", b"other"), "schema"),
        (lambda text: text.replace(b'"schema_version": 1', b'"schema_version": 2'), "version"),
        (lambda text: text.replace(b'"zig"', b'"icc"'), "toolchain.name"),
        (lambda text: text.replace(b'"build_id": "', b'"build_id": "x'), "build_id"),
        (lambda text: text.replace(b'"hex": "', b'"x/../../model.tflite": "'), "images"),
        (lambda text: text[: len(text) // 2], "Invalid JSON"),
        (lambda text: text.replace(b"{", b"{\xff", 1), "Invalid JSON"),
    ],
)
def test_load_refuses_a_broken_record(
    spoil: Callable[[bytes], bytes],
    said: str,
    built_copy: tuple[FirmwareProject, Board],
) -> None:
    path = built_copy[0].directory / "build" / "build.json"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ConfigError, match=said):
        load_built(*built_copy)


def test_loads_nothing_of_another_board(built_copy: tuple[FirmwareProject, Board]) -> None:
    with pytest.raises(ConfigError, match="arduino_nano_33_ble"):
        load_built(built_copy[0], load_board("microbit_v2"))


def test_refuses_another_board(tmp_path: Path) -> None:
    project, _ = make_project(tmp_path / "p")
    with pytest.raises(ConfigError, match="is for the board arduino_nano_33_ble, not microbit_v2"):
        build(project, load_board("microbit_v2"))


def test_a_linker_script_of_another_board_is_found_out(tmp_path: Path) -> None:
    project, _ = make_project(tmp_path / "p")
    other = load_board("microbit_v2")
    with pytest.raises(ToolError, match=r"lie in no flash region of"):
        build(replace(project, board_id="moved"), other.model_copy(update={
            "id": "moved",
            "memory": tuple(
                m.model_copy(update={"origin": m.origin + 0x0800_0000}) if m.kind == "flash" else m
                for m in other.memory
            ),
        }))  # fmt: skip


def test_replaces_builds_but_nothing_else(tmp_path: Path) -> None:
    project, board = make_project(tmp_path / "p")
    mine = project.directory / "build"
    mine.mkdir()
    (mine / "thesis.txt").write_text("irreplaceable")
    (mine / "firmware.bin").write_text("somebody else's")
    with pytest.raises(ConfigError, match="is in the way"):
        build(project, board)
    assert (mine / "firmware.bin").read_text() == "somebody else's"
    (mine / "CMakeCache.txt").write_text("")
    first = build(project, board)
    (mine / "obj" / "of_an_earlier_source.c.o").write_text("")
    assert build(project, board) == first
    assert not (mine / "obj" / "of_an_earlier_source.c.o").exists()
    assert (mine / "thesis.txt").read_text() == "irreplaceable"
    assert (mine / "CMakeCache.txt").exists()


def test_build_may_not_be_a_file(tmp_path: Path) -> None:
    project, board = make_project(tmp_path / "p")
    (project.directory / "build").write_text("a file")
    with pytest.raises(ConfigError, match="build"):
        build(project, board)
    assert (project.directory / "build").read_text() == "a file"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("sources", [], "no sources"),
        ("sources", ["../outside.c"], "not inside the project"),
        ("sources", ["/etc/passwd"], "not inside the project"),
        ("sources", ["-o"], "not inside the project"),
        ("sources", ["missing.c"], "missing.c, which is not there"),
        ("sources", [7], "no text"),
        ("linker_script", "a,b.ld", "commas"),
        ("link_flags", [None], "no text"),
    ],
)
def test_a_tampered_plan_is_refused(key: str, value: object, said: str, tmp_path: Path) -> None:
    project, board = make_project(tmp_path / "p")
    path = project.directory / "tinycompress.json"
    table = json.loads(path.read_text())
    table["build"][key] = value
    path.write_text(json.dumps(table))
    with pytest.raises(ConfigError, match=said):
        build(project, board)


def test_a_stripped_program_is_refused(tmp_path: Path) -> None:
    project, board = make_project(tmp_path / "p")
    path = project.directory / "tinycompress.json"
    table = json.loads(path.read_text())
    table["build"]["link_flags"].append("-s")
    path.write_text(json.dumps(table))
    with pytest.raises(ToolError, match="no symbols"):
        build(project, board, toolchain="zig")


REFUSING = """
    case "$1" in
    version | -dumpfullversion) echo 9.9 ;;
    *) echo "bad.c:1: no" >&2; exit 1 ;;
    esac
"""


@pytest.fixture
def refusing(tmp_path: Path) -> Path:
    """A compiler that has a version and takes no file."""
    return write_program(tmp_path / "refusing", REFUSING)


def test_c_of_ours_that_does_not_compile_is_our_fault(
    refusing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TC_ZIG", str(refusing))
    project, board = make_project(tmp_path / "p")
    with pytest.raises(ToolError, match=r"do not compile with zig 9\.9") as caught:
        build(project, board, toolchain="zig")
    assert caught.value.hint is not None
    assert "the fault is its own: please report it" in caught.value.hint
    assert "--toolchain gcc" in caught.value.hint
    assert "model/tcm_model.c" in caught.value.details()["sources"]  # type: ignore[operator]


def test_an_edited_file_may_be_to_blame(
    refusing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TC_ZIG", str(refusing))
    make_project(tmp_path / "p")
    (tmp_path / "p" / "runtime" / "main.c").write_text("int main(void) { return no; }")
    project, board = make_project(tmp_path / "p")
    with pytest.raises(ToolError) as caught:
        build(project, board)
    assert caught.value.hint == "you edited runtime/main.c; --force writes what tinycompress would"


def test_two_compilers_that_refuse(
    refusing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TC_ZIG", str(refusing))
    monkeypatch.setenv("TC_ARM_GCC", str(refusing))
    project, board = make_project(tmp_path / "p")
    with pytest.raises(ToolError, match=r"with zig 9\.9") as caught:
        build(project, board)
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("please report it with the model")


@pytest.mark.gcc
def test_the_choice_auto_falls_back_to_gcc_and_says_so(
    refusing: Path, known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    by_gcc = known("gcc")
    monkeypatch.setenv("TC_ZIG", str(refusing))
    project, board = make_project(tmp_path / "p")
    built = build(project, board)
    assert (built.toolchain, built.elf_sha256) == ("gcc", by_gcc.elf_sha256)
    assert built.warnings[0].startswith("zig 9.9 does not compile ")
    assert built.warnings[0] in caplog.messages
    with pytest.raises(ToolError):
        build(project, board, toolchain="zig")
