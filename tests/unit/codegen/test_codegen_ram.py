"""What `optimize` and a RAM budget change."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from support.cases.conv import ConvCase, add_conv
from support.cases.dense import DenseCase, add_dense
from support.cases.kernels import KernelCases
from support.cases.patches import widening

from tinycompress.artifacts import GeneratedSources
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing import sharing
from tinycompress.errors import ConfigError, DoesNotFitError
from tinycompress.firmware.fit import check_fit
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.smaller import with_offer

SPEED = CodegenOptions()
RAM = replace(SPEED, optimize="ram")


def _dense() -> KernelCases:
    """640 inputs, which the fast kernel widens to 1,280 bytes, and 128 outputs."""
    cases = KernelCases(71)
    add_dense(cases, DenseCase(inputs=640, outputs=128))
    return cases


def _conv() -> KernelCases:
    """No kernel but the reference does without scratch memory: 3 x 3 x 16 taps, three pixels."""
    cases = KernelCases(72)
    add_conv(cases, ConvCase(height=8, width=8, channels=16, outputs=16))
    return cases


def _generated(cases: KernelCases, options: CodegenOptions) -> GeneratedSources:
    return generate(read_model(cases.tflite()), options)


def test_a_layer_gives_up_a_little_speed_for_much_memory() -> None:
    sources = _generated(_dense(), SPEED)
    assert sources.layers[0].kernel.startswith("fully_connected_direct_s8_")
    assert sources.arena_bytes <= 640 + 128
    assert len(sources.trades) == 1
    assert "saves" in sources.trades[0]


def test_speed_keeps_the_fast_kernel_and_ram_takes_no_reference() -> None:
    for options in (SPEED, RAM):
        sources = _generated(_conv(), options)
        assert sources.layers[0].kernel.endswith("_dsp")
        assert sources.trades == ()


def test_a_budget_takes_even_reference_kernels() -> None:
    needed = _generated(_conv(), SPEED).arena_bytes
    sources = _generated(_conv(), replace(SPEED, ram_budget_bytes=needed - 1))
    assert sources.layers[0].kernel == "conv_2d_s8_ref"
    assert sources.arena_bytes < needed
    assert len(sources.trades) == 1


def test_a_budget_that_is_met_changes_nothing() -> None:
    plain = _generated(_conv(), SPEED)
    assert _generated(_conv(), replace(SPEED, ram_budget_bytes=plain.arena_bytes)) == plain


def test_a_budget_that_no_kernels_meet_is_refused() -> None:
    with pytest.raises(
        DoesNotFitError, match=r"arena takes \d+ bytes at layer .*, the budget is 100$"
    ):
        _generated(_conv(), replace(SPEED, ram_budget_bytes=100))


def test_cheap_patches_are_taken_for_speed_and_more_for_ram() -> None:
    model = read_model(widening().tflite())
    whole = generate(model, replace(SPEED, optimize="flash"))
    assert not any("patches" in trade for trade in whole.trades)
    some, most = generate(model, SPEED), generate(model, RAM)
    assert most.arena_bytes <= some.arena_bytes < whole.arena_bytes * 7 / 8
    for sources in (some, most):
        (trade,) = (trade for trade in sources.trades if "patches" in trade)
        assert f"save {whole.arena_bytes - sources.arena_bytes} bytes" in trade
        assert f"for {sources.recomputed_macs} more MACs" in trade


def test_for_flash_patches_may_save_memory_but_take_no_flash() -> None:
    """However small a share of a large model: an option never worsens what it is named after."""
    network = widening()
    network.filter(3, 2, 64)
    network.filter(3, 2, 128)
    model = read_model(network.tflite())
    flash, speed = generate(model, replace(SPEED, optimize="flash")), generate(model, SPEED)
    assert any("patches" in trade for trade in speed.trades)
    assert not any("patches" in trade for trade in flash.trades)


def test_what_patches_recompute_is_no_work_of_the_model() -> None:
    whole = _generated(widening(), replace(SPEED, optimize="flash"))
    sources = _generated(widening(), RAM)
    assert whole.recomputed_macs == 0
    assert sources.recomputed_macs > 0
    assert sources.macs == whole.macs
    done = sum(layer.macs for layer in sources.layers)
    assert done == sources.macs + sources.recomputed_macs


def test_a_budget_takes_the_patches_with_the_fewest_macs() -> None:
    model = read_model(widening().tflite())
    whole = generate(model, replace(SPEED, optimize="flash"))
    budgets = [whole.arena_bytes * share // 100 for share in (100, 80, 60)]
    made = [generate(model, replace(SPEED, ram_budget_bytes=budget)) for budget in budgets]
    assert made[0].trades == ()
    assert all(s.arena_bytes <= budget for s, budget in zip(made, budgets, strict=True))
    macs = [sources.recomputed_macs for sources in made]
    assert macs == sorted(macs)


def test_the_nearest_budget_that_is_said_can_be_met() -> None:
    model = read_model(widening().tflite())
    with pytest.raises(DoesNotFitError) as refused:
        generate(model, replace(SPEED, ram_budget_bytes=500))
    found = re.search(r"a budget of (\d+) bytes is the nearest", str(refused.value.hint))
    assert found is not None
    nearest = int(found[1])
    assert generate(model, replace(SPEED, ram_budget_bytes=nearest)).arena_bytes <= nearest


def _tiny_board(arena_bytes: int) -> Board:
    """A Nano 33 BLE with so much RAM for the arena beside the stack and 4 KiB of data."""
    board = load_board("nano33")
    stack = board.budget.stack_bytes
    regions = tuple(
        region.model_copy(update={"length": arena_bytes + stack + 4096})
        if "arena" in region.holds
        else region
        for region in board.memory
    )
    return board.model_copy(update={"memory": regions})


def _refusal(board: Board) -> str:
    model = read_model(widening().tflite())
    options = replace(CodegenOptions.for_board(board), optimize="flash")
    sources = generate(model, options)
    with pytest.raises(DoesNotFitError) as refused:
        check_fit(sources, board)
    offer = with_offer(refused.value, model, sources, board, options)
    assert offer.message == refused.value.message
    return str(offer.hint)


def test_what_does_not_fit_a_board_is_offered_in_patches() -> None:
    model = read_model(widening().tflite())
    board = _tiny_board(12_000)
    found = re.match(r"--ram-budget (\d+) makes the arena fit: layers .* patches", _refusal(board))
    assert found is not None
    options = replace(CodegenOptions.for_board(board), ram_budget_bytes=int(found[1]))
    check_fit(generate(model, options), board)


def test_what_does_not_even_fit_in_patches_is_said() -> None:
    assert "by patches, a budget of" in _refusal(_tiny_board(1000))


def test_equal_layers_share_their_code() -> None:
    """Patches in the middle differ in their tensors only."""
    model = read_model(widening().tflite())
    text = generate(model, RAM).files["tcm_model.c"]
    names = re.findall(r"static TCM_LAYER void (tcm_model_layer_\w+_on)\(", text)
    assert names
    for name in names:
        assert text.count(f"    {name}(") >= 2
        assert text.count(f"{name.removesuffix('_on')}_params = {{") == 1


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="ram_budget_bytes is 0"):
        CodegenOptions(ram_budget_bytes=0)
    with pytest.raises(ConfigError, match="optimize is 'size', must be one of speed, ram, flash"):
        CodegenOptions(optimize="size")  # type: ignore[arg-type]


def _two_convolutions() -> KernelCases:
    cases = KernelCases(73)
    for _ in range(2):
        add_conv(cases, ConvCase(groups=1, dilation=(2, 2), height=9, width=9))
    return cases


def test_kernels_are_shared_for_flash() -> None:
    cases = _two_convolutions()
    shared = _generated(cases, replace(SPEED, optimize="flash"))
    assert "tcm_model_shared_conv_2d_s8_ref" in shared.files["tcm_model.c"]
    names = "', '".join(layer.name for layer in shared.layers)
    begin = f"layers '{names}': one copy of conv_2d_s8_ref for 2 layers"
    assert [trade.startswith(begin) for trade in shared.trades] == [True]
    alone = _generated(cases, SPEED)
    assert "tcm_model_shared" not in alone.files["tcm_model.c"]
    assert alone.trades == ()


@pytest.mark.parametrize(
    ("share", "cycles", "said"),
    [
        (0.025, 1000.0, ", about +50 cycles (+2.5 %)"),
        (-0.01, 1000.0, ", about -20 cycles (-1.0 %)"),
        (0.025, None, ", about +2.5 % cycles"),
        (None, 1000.0, "; what that costs is not measured for this kernel"),
    ],
)
def test_what_sharing_costs_is_said(
    share: float | None, cycles: float | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "shared_cost", lambda *_: share)
    monkeypatch.setattr(sharing, "predicted_cost", lambda *_: cycles)
    trades = _generated(_two_convolutions(), replace(SPEED, optimize="flash")).trades
    assert [trade.partition(" for 2 layers")[2] for trade in trades] == [said]
