"""Assembly that jumps over code by its size: a size that is wrong does not assemble."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.common import require_tool

from tinycompress.codegen.kernel_files import engine_dir


@dataclass(frozen=True)
class Jump:
    """A routine with its header, the size that it states, and where if not in the header itself."""

    core: str
    header: str
    function: str
    stated: str
    stated_in: str = ""


_PIXELS = "kernels/conv/pointwise/pixels_s8"
_PLANES = "kernels/depthwise/planes/depthwise_planes_s8"
JUMPS = (
    Jump("m4", f"{_PIXELS}_fitted_dsp.h", "tck_pixels_s8_fitted_dsp", '"76"', f"{_PIXELS}_dsp.h"),
    Jump("m4", "kernels/dense/fully_connected_s8_dsp.h", "tck_dot_4_dsp", '"56"'),
    Jump("m4", "kernels/dense/fully_connected_s8_dsp.h", "tck_dot_4_direct_dsp", '"64"'),
    Jump("m3", f"{_PIXELS}_fitted_mla.h", "tck_pixels_s8_fitted_mla", '"56"', f"{_PIXELS}_mla.h"),
    Jump("m3", "kernels/dense/fully_connected_s8_mla.h", "tck_dot_8_mla", '"68"'),
    Jump(
        "m0",
        f"{_PLANES}_two_roundings_thumb1.h",
        "tck_depthwise_any_row_thumb1",
        'TCK_CODE_BYTES("8"',
    ),
)
ARGV = {
    "gcc": ["-mthumb", "-mcpu=cortex-{core}"],
    "zig": ["-target", "thumb-freestanding-eabi", "-mcpu=cortex_{core}", "-fno-sanitize=undefined"],
}


def assembled(jump: Jump, compiler: str, engine: Path) -> subprocess.CompletedProcess[str]:
    source = engine / "jump.c"
    source.write_text(
        f'#include "{jump.header}"\nextern void *const used;\n'
        f"void *const used = (void *){jump.function};\n"
    )
    start = [require_tool("gcc")] if compiler == "gcc" else [sys.executable, "-m", "ziglang", "cc"]
    flags = [flag.format(core=jump.core) for flag in ARGV[compiler]]
    return subprocess.run(
        [*start, *flags, "-std=c11", "-Os", "-ffreestanding", "-c", str(source), "-o",
         str(engine / "jump.o")], capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("compiler", ["zig", pytest.param("gcc", marks=pytest.mark.gcc)])
@pytest.mark.parametrize("jump", JUMPS, ids=lambda jump: jump.function)
def test_a_wrong_size_does_not_assemble(jump: Jump, compiler: str, tmp_path: Path) -> None:
    engine = tmp_path / "engine"
    shutil.copytree(engine_dir(), engine)
    right = assembled(jump, compiler, engine)
    assert right.returncode == 0, right.stderr
    header = engine / (jump.stated_in or jump.header)
    text = header.read_text()
    assert text.count(jump.stated) == 1
    size = int("".join(filter(str.isdigit, jump.stated)))
    for wrong in (size - 2, size + 2):
        header.write_text(text.replace(jump.stated, jump.stated.replace(f"{size}", f"{wrong}")))
        failed = assembled(jump, compiler, engine)
        assert failed.returncode != 0
        assert ".org" in failed.stderr
