"""What the doctor says of tools that are there, missing or broken."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.firmware.toolchain import write_program

from tinycompress.artifacts import Finding
from tinycompress.toolchain import doctor, find
from tinycompress.toolchain.doctor import diagnose

NAMES = [
    "python", "zig", "arm-none-eabi-gcc", "arm-none-eabi-g++", "TFLM library",
    "qemu-system-arm", "cmake", "unicorn", "capstone",
    "tflite-micro", "ai-edge-litert", "tensorflow", "keras", "tf_keras",
    "tensorflow-model-optimization", "serial ports",
]  # fmt: skip


def findings() -> dict[str, Finding]:
    return {finding.name: finding for finding in diagnose()}


def test_a_machine_with_what_pip_brings_is_well() -> None:
    found = findings()
    assert list(found) == NAMES
    for name in ("python", "zig", "unicorn", "capstone", "tflite-micro", "ai-edge-litert"):
        assert found[name].status == "ok", found[name]
        assert found[name].version
    assert found["zig"].version == find.find_zig().version
    for finding in found.values():
        assert finding.status == "ok" or finding.hint


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from tinycompress.toolchain.doctor import diagnose; diagnose();"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"tensorflow", "keras", "tf_keras", "unicorn", "tflite_micro", "ai_edge_litert"}
    assert not heavy & set(done.stdout.split())


def test_bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(find.GCC_VARIABLE, raising=False)
    found = findings()
    for name in ("arm-none-eabi-gcc", "qemu-system-arm", "cmake"):
        assert found[name].status == "missing"
        assert "apt install" in str(found[name].hint)
    assert found["zig"].status == "ok"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "exit code 3"),
        (
            '[ "$1" = -dumpfullversion ] && echo 12.2 && exit; echo no space left >&2; exit 1',
            "no space",
        ),
    ],
)
def test_a_compiler_that_cannot_compile_is_broken(
    script: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(find.GCC_VARIABLE, str(write_program(tmp_path / "gcc", script)))
    found = findings()["arm-none-eabi-gcc"]
    assert found.status == "broken"
    assert said in str(found.detail)
    assert found.hint


@pytest.mark.parametrize("script", ["exit 1", "echo hello"])
def test_a_program_without_a_version_is_broken(
    script: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_program(tmp_path / "cmake", script)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert findings()["cmake"].status == "broken"


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"keras": "3.9", "unicorn": "2.1", "tensorflow-cpu": "2.21"}
    monkeypatch.setattr(doctor, "_installed_version", versions.get)
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "unicorn" else real(name)
    )
    found = findings()
    assert (found["keras"].status, found["keras"].version) == ("ok", "3.9")
    assert (found["tensorflow"].status, found["tensorflow"].version) == ("ok", "2.21")
    assert found["tf_keras"].status == "missing"
    assert "tinycompress-mcu[keras]" in str(found["tf_keras"].hint)
    assert found["unicorn"].status == "broken"
    assert "--force-reinstall" in str(found["unicorn"].hint)


@pytest.mark.parametrize(
    ("ports", "status", "detail"),
    [
        ([], "missing", "none found"),
        ([("/dev/ttyB", "b"), ("/dev/ttyA", "a")], "ok", "/dev/ttyA (a), /dev/ttyB (b)"),
    ],
)
def test_serial_ports(
    ports: list[tuple[str, str]], status: str, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serial.tools import list_ports

    listed = [SimpleNamespace(device=device, description=text) for device, text in ports]
    monkeypatch.setattr(list_ports, "comports", lambda: listed)
    found = findings()["serial ports"]
    assert (found.status, found.detail) == (status, detail)
