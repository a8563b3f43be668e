"""Sizes of small programs whose symbols are known, linked with both toolchains."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from support.common import require_tool
from support.firmware.toolchain import make_project

from tinycompress.artifacts import BuiltFirmware
from tinycompress.elf import Symbol, read_elf
from tinycompress.toolchain import build
from tinycompress.toolchain.plan import read_plan, source_groups
from tinycompress.toolchain.sizes import (
    FlashCategory,
    FlashItem,
    SourceGroups,
    classify,
    flash_items,
    flash_sizes,
)

GROUPS = SourceGroups(platform=frozenset({"platform.c"}), model=frozenset({"tcm_model.c"}))


@pytest.fixture(scope="module", params=["zig", pytest.param("gcc", marks=pytest.mark.gcc)])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> BuiltFirmware:
    if request.param == "gcc":
        require_tool("gcc")
    project, board = make_project(tmp_path_factory.mktemp(request.param) / "project")
    return build(project, board, toolchain=request.param)


@pytest.fixture
def items(built: BuiltFirmware) -> dict[str, FlashItem]:
    groups = source_groups(read_plan(built.project.directory))
    return {item.name: item for item in flash_items(read_elf(built.elf), groups)}


def flashed_bytes(elf: Path) -> int:
    with elf.open("rb") as file:
        headers = list(ELFFile(file).iter_segments("PT_LOAD"))
        return sum(header["p_filesz"] for header in headers)


def test_flash_is_exactly_what_is_flashed(built: BuiltFirmware) -> None:
    assert built.flash.total_bytes == flashed_bytes(built.elf)
    # The segments lie back to back here but for alignment, so the image is hardly larger.
    assert 0 <= built.images["bin"].stat().st_size - built.flash.total_bytes < 16


def test_items_add_up_to_the_categories(built: BuiltFirmware) -> None:
    image = read_elf(built.elf)
    groups = source_groups(read_plan(built.project.directory))
    found = flash_items(image, groups)
    sums: dict[FlashCategory, int] = dict.fromkeys(("weights", "kernels", "runtime", "platform"), 0)
    for item in found:
        assert item.size_bytes > 0
        sums[item.category] += item.size_bytes
    assert (
        sums["weights"],
        sums["kernels"],
        sums["runtime"],
        sums["platform"],
    ) == (
        built.flash.weights_bytes,
        built.flash.kernels_bytes,
        built.flash.runtime_bytes,
        built.flash.platform_bytes,
    )
    assert list(found) == sorted(found, key=lambda i: (-i.size_bytes, i.address, i.name))


def test_weights_are_the_objects_of_the_model(built: BuiltFirmware) -> None:
    assert built.flash.weights_bytes == 1000 + 24 + 32


def test_every_function_has_its_category(items: dict[str, FlashItem]) -> None:
    for name in ("tck_scale", "tcm_layer_0"):
        assert items[name].category == "kernels", name
    for name in ("tc_platform_init", "tc_platform_ticks", "tc_reset", "tc_start", "tc_vectors"):
        assert items[name].category == "platform", name
    for name in ("main", "tc_proto_receive", "tc_model_invoke_profiled", "(.data image)"):
        assert items[name].category == "runtime", name


def test_local_symbols_of_the_model_without_a_prefix_are_kernels(
    items: dict[str, FlashItem],
) -> None:
    tables = [item for item in items.values() if "gains" in item.name]
    assert [(item.category, item.size_bytes) for item in tables] == [("kernels", 40)]


def test_ram_is_arena_stack_and_the_rest(built: BuiltFirmware) -> None:
    with built.elf.open("rb") as file:
        sections = {s.name: s["sh_size"] for s in ELFFile(file).iter_sections()}
    assert built.ram.arena_bytes == 512
    assert built.ram.stack_reserved_bytes == 8192
    assert built.ram.static_bytes == sections[".data"] + sections[".bss"]
    assert built.ram.stack_peak_bytes is None


@pytest.mark.gcc
def test_totals_agree_with_binutils_size(built: BuiltFirmware) -> None:
    size = shutil.which("arm-none-eabi-size")
    assert size is not None
    done = subprocess.run([size, built.elf], capture_output=True, text=True, check=True)
    text, data, bss = map(int, done.stdout.splitlines()[1].split()[:3])
    ram = built.ram
    everything = built.flash.total_bytes + ram.reserved_bytes
    # .data counts in flash and in RAM. `size` leaves out the padding between sections, which is
    # flashed too; and it takes the stack of lld, a section without flags, for text.
    assert 0 <= everything - data - (text + data + bss) < 16


def test_sizes_need_no_source_files(built: BuiltFirmware) -> None:
    none = SourceGroups(platform=frozenset(), model=frozenset())
    assert flash_sizes(read_elf(built.elf), none).total_bytes == built.flash.total_bytes


def symbol(name: str, *, kind: str = "function", file: str | None = None, section: str = ".text"):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return Symbol(name, 0x10000, 4, kind, file is not None, file, section)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "category"),
    [
        (symbol("tcm_w", kind="object"), "weights"),
        (symbol("tcm_invoke"), "kernels"),
        (symbol("tck_conv"), "kernels"),
        (symbol("tck_conv.constprop.0", file="tcm_model.c"), "kernels"),
        (symbol("tck_conv.table", kind="object", file="tcm_model.c"), "kernels"),
        (symbol("CSWTCH.4", kind="object", file="tcm_model.c"), "kernels"),
        (symbol("CSWTCH.4", kind="object", file="main.c"), "runtime"),
        (symbol("wait_for_clock", file="platform.c"), "platform"),
        (symbol("tc_platform_write"), "platform"),
        (symbol("tc_fault_main"), "platform"),
        (symbol("tc_sys_tick_handler"), "platform"),
        (symbol("my_handler"), "runtime"),
        (symbol("boot2", kind="object", section=".boot2"), "platform"),
        (symbol("memcpy"), "runtime"),
        (symbol("__aeabi_ldivmod", file="compiler_rt"), "runtime"),
    ],
    ids=lambda value: value.name if isinstance(value, Symbol) else value,
)
def test_classify(found: Symbol, category: FlashCategory) -> None:
    assert classify(found, GROUPS) == category
