"""Our own C and C++ around TFLM: no warnings with any compiler, and every status code checked.

Upstream's headers are not needed: tests/stand_ins/tflm has what of them our code uses.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.common import ROOT, require_tool
from support.firmware.projects import compiler
from support.firmware.tflm import STAND_INS, cnn_project

from tinycompress.firmware import load_plan
from tinycompress.firmware.tflm_library import CXX_COMPILE, CXX_WARNINGS

EXPECTED = """\
invoke before init 2
other schema: init 4 invoke 2 profiled 2 reset 2 input 0 0 invoked 0
refused operators: init 4 invoke 2 profiled 2 reset 2 input 0 0 invoked 0
no interpreter: init 3 invoke 2 profiled 2 reset 2 input 0 0 invoked 0
small arena: init 3 invoke 2 profiled 2 reset 2 input 0 0 invoked 0
other inputs: init 4 invoke 2 profiled 2 reset 2 input 0 0 invoked 0
init 0
operators 4
int8 registrations 3
used 4096
arena 4096
input aligned 0
input bytes 4
no input 1 1
no output 9 1
invoke 0
profiled b0 e0 b1 e1 b2 e2 b3 e3 -> 0
invoke again 0
runs 3 3 3 3
reset 0
resets 1
failing invoke 4
failing profiled b0 e0 -> 4
invoke after 0
unallocated 0
"""


def run(argv: list[str], directory: Path) -> str:
    done = subprocess.run(
        argv, cwd=directory, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}{done.stderr}"
    assert done.stderr == "", done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cnn_project("mps2_an386", tmp_path_factory.mktemp("tflm") / "project").directory


def test_the_shim_checks_every_status(project: Path, tmp_path: Path) -> None:
    cc = require_tool("host-cc")
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
    run(
        [cc, "-std=c11", "-Wall", "-Wextra", "-Werror", *checks, "-Imodel",
         "-c", "model/tcm_model_data.c", "-o", str(tmp_path / "data.o")],
        project,
    )  # fmt: skip
    for name, source in (
        ("model", "model/tcm_model.cpp"),
        ("test", str(ROOT / "tests" / "data" / "tflm_shim_test.cpp")),
    ):
        run(
            [cc, *CXX_COMPILE, *CXX_WARNINGS, "-Werror", *checks, "-Imodel", "-I.",
             "-Iruntime/include", f"-isystem{STAND_INS}", "-c", source,
             "-o", str(tmp_path / f"{name}.o")],
            project,
        )  # fmt: skip
    objects = [str(tmp_path / f"{name}.o") for name in ("data", "model", "test")]
    run([cc, *checks, *objects, "-lstdc++", "-o", str(tmp_path / "test")], project)
    assert run([str(tmp_path / "test")], project) == EXPECTED


@pytest.mark.gcc
def test_our_cxx_compiles_without_a_warning(project: Path) -> None:
    plan = load_plan(project)
    assert plan.tflm is not None
    run(
        ["arm-none-eabi-g++", *plan.tflm.cxx_flags, *plan.tflm.cxx_warnings,
         *plan.toolchains["gcc"].compile, "-Werror", *(f"-I{d}" for d in plan.include_dirs),
         f"-isystem{STAND_INS}", "-fsyntax-only", "model/tcm_model.cpp"],
        project,
    )  # fmt: skip


@pytest.mark.gcc
def test_all_of_our_c_compiles_without_a_warning(project: Path) -> None:
    plan = load_plan(project)
    sources = [source for source in plan.sources if source.endswith(".c")]
    assert "model/tcm_cxx_runtime.c" in sources
    run(
        [*compiler("gcc"), *plan.toolchains["gcc"].compile, *plan.compile_flags, *plan.warnings,
         "-Werror", *(f"-I{include}" for include in plan.include_dirs), "-fsyntax-only", *sources],
        project,
    )  # fmt: skip
