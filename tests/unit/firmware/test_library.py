"""``--framework library``: metadata by the rules of each ecosystem, and the C in real builds."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support.common import ROOT, require_tool
from support.models.tflite_files import small_cnn

from tinycompress import build
from tinycompress.cli.main import _run
from tinycompress.oracle import Oracle

DIGITS = ROOT / "examples" / "digits" / "digits_int8.tflite"
# Arduino's library specification, "library.properties file format" and "Library layout".
_ARDUINO_REQUIRED = {
    "name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url",
    "architectures",
}  # fmt: skip
_SEMVER = re.compile(r"\d+\.\d+\.\d+")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digit reader for the Nano 33 BLE, called ``digits``."""
    place = tmp_path_factory.mktemp("library") / "tcm_digits"
    return build(DIGITS, "nano33", framework="library", name="digits", output=place).directory


def paths(library: Path) -> set[str]:
    """Of all files of the library."""
    return {path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()}


def test_the_manifest_of_platformio(library: Path) -> None:
    """PlatformIO's documentation of library.json; `pio pkg pack` takes it as well."""
    manifest = json.loads((library / "library.json").read_text("utf-8"))
    assert re.fullmatch(r"[^:/]{1,100}", manifest["name"])
    assert _SEMVER.fullmatch(manifest["version"])
    assert 1 <= len(manifest["description"]) <= 255
    for keyword in manifest["keywords"]:
        assert re.fullmatch(r"[a-z\d\-\+\. ]{1,50}", keyword)
    assert manifest["platforms"] == manifest["frameworks"] == "*"
    assert (library / manifest["build"]["srcDir"]).is_dir()
    assert (library / manifest["build"]["includeDir"] / manifest["headers"]).is_file()
    for example in manifest["examples"]:
        for file in example["files"]:
            assert (library / example["base"] / file).is_file()


def test_the_properties_of_arduino(library: Path) -> None:
    lines = (library / "library.properties").read_text("utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines)
    assert set(values) >= _ARDUINO_REQUIRED
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,62}", values["name"])
    assert not values["name"].lower().startswith("arduino")
    assert _SEMVER.fullmatch(values["version"])
    assert values["category"] == "Data Processing"
    assert values["architectures"] == "*"
    assert (library / "src" / values["includes"]).is_file()
    (sketch,) = (library / "examples").glob("*/*.ino")
    assert sketch.stem == sketch.parent.name, "a sketch is named like its folder"
    assert f"#include <{values['includes']}>" in sketch.read_text("utf-8")


def test_the_cmsis_pack(library: Path) -> None:
    (described,) = library.glob("*.pdsc")
    package = ElementTree.parse(described).getroot()
    vendor, name = package.findtext("vendor"), package.findtext("name")
    assert described.name == f"{vendor}.{name}.pdsc"
    # The parts of a package that the schema wants, in its order.
    assert [child.tag for child in package] == [
        "vendor", "name", "description", "url", "releases", "components",
    ]  # fmt: skip
    release = package.find("releases/release")
    assert release is not None
    (pack,) = library.glob("*.pack")
    assert pack.name == f"{vendor}.{name}.{release.get('version')}.pack"
    with zipfile.ZipFile(pack) as archive:
        assert archive.testzip() is None
        assert archive.read(described.name) == described.read_bytes()
        packed = set(archive.namelist())
        for entry in packed:
            assert archive.read(entry) == (library / entry).read_bytes()
    sources = set()
    for file in package.iter("file"):
        place = str(file.get("name"))
        assert place in packed or any(entry.startswith(place) for entry in packed)
        if file.get("category") == "sourceC":
            sources.add(place)
    assert sources == {path for path in packed if re.fullmatch(r"src/.*\.c", path)}


def test_the_same_model_gives_the_same_bytes(library: Path, tmp_path: Path) -> None:
    again = build(DIGITS, "nano33", framework="library", name="digits", output=tmp_path / "b")
    assert paths(library) == paths(again.directory)
    for path in paths(library):
        assert (library / path).read_bytes() == (again.directory / path).read_bytes()


def test_there_is_no_firmware_in_it(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["bench"], ["flash"], ["serve"]):
        assert _run([*command, str(library)]) == 2
        assert "there is no firmware to flash or measure" in capsys.readouterr().err
    model = ["build", str(DIGITS), "--board", "nano33", "--framework", "library"]
    assert _run([*model, "--engine", "tflm"]) == 2
    assert "carray" in capsys.readouterr().err
    assert _run([*model, "--toolchain", "gcc"]) == 2
    assert _run([*model, "--transport", "uart"]) == 2


@pytest.mark.gcc
@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4", "cortex-m33"])
def test_it_compiles_as_arduino_and_platformio_do(core: str, library: Path, tmp_path: Path) -> None:
    """Every source below ``src`` by itself, ``src`` being the only include path; for any core."""
    sources = sorted((library / "src").rglob("*.c"))
    assert len(sources) == 2
    for source in sources:
        done = subprocess.run(
            ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", "-Os", "-std=gnu11", "-Wall",
             "-Wextra", "-Werror", f"-I{library / 'src'}", "-c", source,
             "-o", tmp_path / f"{source.stem}.o"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


PROGRAM = """
#include "tcm_digits.h"
#include <stdio.h>

int main(void) {
    tcm_digits_init();
    while (fread(tcm_digits_input(0), TCM_DIGITS_INPUT0_BYTES, 1, stdin) == 1) {
        tcm_digits_invoke();
        fwrite(tcm_digits_output(0), 1, TCM_DIGITS_OUTPUT0_BYTES, stdout);
    }
    return 0;
}
"""
FETCHED = """
include(FetchContent)
FetchContent_Declare(tcm_digits SOURCE_DIR "{library}")
FetchContent_MakeAvailable(tcm_digits)
"""
CONSUMER = """
cmake_minimum_required(VERSION 3.16)
project(consumer LANGUAGES C)
{found}
add_executable(program main.c)
target_link_libraries(program PRIVATE tcm_digits::tcm_digits {others})
"""


def cmake(*arguments: str | Path) -> None:
    """Run cmake, and show what it said where it fails."""
    done = subprocess.run(
        [require_tool("cmake"), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def consumer(place: Path, found: str, program: str = PROGRAM, others: str = "") -> Path:
    """The program of a user's CMake project, built."""
    place.mkdir()
    (place / "main.c").write_text(program, "utf-8")
    (place / "CMakeLists.txt").write_text(CONSUMER.format(found=found, others=others), "utf-8")
    cmake("-S", place, "-B", place / "build")
    cmake("--build", place / "build")
    return place / "build" / "program"


def require_exact(program: Path) -> None:
    """Compare a program's outputs with the oracle's, byte for byte."""
    oracle = Oracle(DIGITS.read_bytes(), "tflm")
    samples = np.random.default_rng(3).integers(-128, 128, (20, *oracle.inputs[0].shape), np.int8)
    done = subprocess.run([program], input=samples.tobytes(), capture_output=True, check=True)
    expected: Sequence[bytes] = [oracle.run(sample)[0].tobytes() for sample in samples]
    oracle.close()
    assert done.stdout == b"".join(expected)


def test_a_program_takes_it_by_fetch_content(library: Path, tmp_path: Path) -> None:
    require_tool("host-cc")
    require_exact(consumer(tmp_path / "user", FETCHED.format(library=library)))


def test_a_program_finds_it_installed(library: Path, tmp_path: Path) -> None:
    require_tool("host-cc")
    prefix, made = tmp_path / "prefix", tmp_path / "made"
    cmake("-S", library, "-B", made, f"-DCMAKE_INSTALL_PREFIX={prefix}")
    cmake("--build", made, "--target", "install")
    assert (made / "tcm_digits_example").is_file()
    found = (
        f'list(APPEND CMAKE_PREFIX_PATH "{prefix}")\nfind_package(tcm_digits 1.0 CONFIG REQUIRED)'
    )
    require_exact(consumer(tmp_path / "user", found))


def test_two_of_them_in_one_program(library: Path, tmp_path: Path) -> None:
    require_tool("host-cc")
    (tmp_path / "small.tflite").write_bytes(small_cnn())
    other = build(
        tmp_path / "small.tflite", "f446re", framework="library", output=tmp_path / "tcm_small"
    )
    program = PROGRAM.replace('digits.h"', 'digits.h"\n#include "tcm_small.h"', 1).replace(
        "tcm_digits_init();", "tcm_digits_init();\n    tcm_small_init();\n    tcm_small_invoke();"
    )
    found = FETCHED.format(library=library) + FETCHED.replace("tcm_digits", "tcm_small").format(
        library=other.directory
    )
    require_exact(consumer(tmp_path / "user", found, program, "tcm_small::tcm_small"))


def test_a_later_build_keeps_what_the_user_edited(library: Path, tmp_path: Path) -> None:
    place = tmp_path / "edited"
    build(DIGITS, "nano33", framework="library", name="digits", output=place)
    own = (place / "library.json").read_text("utf-8").replace("1.0.0", "2.1.0")
    (place / "library.json").write_text(own, "utf-8")
    made = build(DIGITS, "nano33", framework="library", name="digits", output=place)
    assert (place / "library.json").read_text("utf-8") == own
    assert made.project.update is not None
