"""The C of docs/streaming.md compiles against a generated project, without a C library."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from support.common import ROOT
from support.models.stateful_models import stateful_model

import tinycompress
from tinycompress.boards import load_board
from tinycompress.firmware.plan import zig_cpu_flags


def test_the_example_compiles(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(stateful_model("streaming_conv"))
    tinycompress.build(
        tmp_path / "model.tflite", "nano33", toolchain="zig", output=tmp_path / "project"
    )
    page = (ROOT / "docs" / "streaming.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```c\n(.*?)```", page, re.DOTALL)
    source = tmp_path / "example.c"
    source.write_text(example)
    flags = ("-std=c11", "-ffreestanding", "-Wall", "-Wextra", "-Wconversion", "-Werror")
    own = ("-Wno-missing-prototypes", f"-I{tmp_path / 'project' / 'runtime' / 'include'}")
    done = subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", *zig_cpu_flags(load_board("nano33").cpu), *flags,
         *own, "-c", source, "-o", tmp_path / "example.o"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
