"""Exact simplification, case by case; ``Net.simplified`` compares outputs with both oracles'."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.dead_channels import Net, shapes_left
from support.cases.kernels import options

from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.choosing.ram import fit_ram
from tinycompress.codegen.simplify import drop
from tinycompress.codegen.simplify.intervals import Intervals
from tinycompress.codegen.simplify.simplify import simplify
from tinycompress.ir.reader import read_model


@pytest.fixture(autouse=True)
def any_count_of_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop, "CHANNEL_MULTIPLE", 1)


def _channels(net: Net, *outputs: int) -> list[int]:
    return [shape[-1] for shape in shapes_left(net.simplified(*outputs))]


def test_a_channel_at_the_zero_point_goes() -> None:
    net = Net(3)
    net.conv(net.conv(net.x, 6, {1: -128, 4: -128}), 5, taps=3)
    assert _channels(net) == [4, 5]


def test_any_constant_goes_into_the_bias_where_no_window_is_padded() -> None:
    net = Net(3)
    net.conv(net.conv(net.x, 6, {1: 40, 4: -100}), 5, taps=3, padding="VALID")
    assert _channels(net) == [4, 5]


def test_another_constant_stays_where_the_padding_shows() -> None:
    net = Net(3)
    net.conv(net.conv(net.x, 6, {1: 40}), 5, taps=3)
    assert _channels(net) == [6, 5]


def test_a_bias_is_made_where_there_was_none() -> None:
    net = Net(3)
    net.dense(net.conv(net.x, 6, {1: 40}), 5, bias=False)
    assert _channels(net) == [5, 5]


def test_a_channel_that_always_saturates_goes() -> None:
    net = Net(3)
    net.conv(net.conv(net.x, 6, {2: 300}), 5)
    assert _channels(net) == [5, 5]


def test_what_nothing_reads_goes_with_all_that_it_needs_alone() -> None:
    net = Net(3)
    first = net.conv(net.x, 6)
    second = net.conv(first, 6, unread=[5])
    net.conv(second, 4, unread=[0, 1])
    assert _channels(net) == [5, 4, 4]


def test_depthwise_loses_its_inputs_and_outputs_together() -> None:
    net = Net(3)
    narrow = net.depthwise(net.conv(net.x, 6, {1: -128}), {3: -90})
    net.conv(narrow, 4)
    assert _channels(net) == [4, 4, 4]


def test_a_constant_that_the_padding_of_a_depthwise_shows_stays() -> None:
    net = Net(3)
    net.conv(net.depthwise(net.conv(net.x, 6, {1: 40}), zero=0), 4)
    assert _channels(net) == [6, 6, 4]


@pytest.mark.parametrize(("dead", "left"), [({2: -128}, 6), ({2: -128, 3: -128}, 4)])
def test_a_depth_multiplier_couples_its_outputs(dead: dict[int, int], left: int) -> None:
    net = Net(3)
    net.conv(net.depthwise(net.conv(net.x, 3), dead, multiplier=2), 4)
    assert _channels(net) == [left // 2, left, 4]


def test_outputs_of_one_input_channel_go_one_by_one() -> None:
    net = Net(1)
    net.conv(net.depthwise(net.x, {2: -128}, multiplier=4), 4)
    assert _channels(net) == [3, 4]


def test_add_keeps_what_changes_on_one_side() -> None:
    net = Net(3)
    a, b = net.conv(net.x, 5, {0: -128, 1: -128}), net.conv(net.x, 5, {1: -128, 2: -128})
    net.conv(net.add(a, b), 4)
    assert _channels(net) == [4, 4, 4, 4]


def test_a_residual_block_keeps_what_another_branch_reads() -> None:
    net = Net(3)
    a = net.conv(net.x, 5, {1: -128})
    total = net.add(a, net.conv(net.depthwise(a), 5, {1: -128}))
    net.conv(total, 4, taps=3, padding="VALID")
    assert _channels(net) == [4, 4, 4, 4, 4]


def test_concatenation_of_channels_and_of_rows() -> None:
    net = Net(3)
    a, b = net.conv(net.x, 4, {0: -128}), net.conv(net.x, 5, {4: -128})
    beside = net.conv(net.concatenation(a, b), 4, {1: -128})
    below = net.conv(net.x, 4, {1: -128, 2: -128})
    net.conv(net.concatenation(beside, below, axis=1), 3)
    assert _channels(net) == [3, 4, 7, 3, 3, 3, 3]


@pytest.mark.parametrize("flatten", [True, False])
def test_flattened_channels_go_from_all_positions(flatten: bool) -> None:
    net = Net(3)
    x = net.conv(net.x, 6, {1: 40, 5: -128})
    net.dense(net.reshape(x, 1, 96) if flatten else x, 5)
    assert _channels(net) == ([4, 64, 5] if flatten else [4, 5])


def test_dense_layers_whose_weights_have_a_zero_point() -> None:
    net = Net(2, size=1)
    hidden = net.dense(net.dense(net.x, 8, {0: 9, 7: 127}, weights_zero=3), 6, {2: -4})
    net.dense(hidden, 3, weights_zero=-7)
    assert _channels(net) == [6, 5, 3]


@pytest.mark.parametrize("kind", ["MAX_POOL_2D", "AVERAGE_POOL_2D"])
def test_pools_mean_and_tables_pass_channels_on(kind: str) -> None:
    net = Net(3)
    x = net.leaky_relu(net.pool(kind, net.conv(net.x, 6, {1: 40, 2: -128})))
    net.dense(net.mean(x), 3)
    assert _channels(net) == [4, 4, 4, 4, 3]


def test_outputs_of_the_model_stay() -> None:
    net = Net(3)
    first = net.conv(net.x, 6, {1: -128})
    net.conv(first, 5, {0: 3})
    assert _channels(net, first, max(net.zeros)) == [6, 5]


def test_one_channel_that_is_read_as_a_whole_stays() -> None:
    net = Net(3)
    net.leaky_relu(net.conv(net.x, 1))
    assert _channels(net) == [1, 1]


def test_a_channel_stays_where_all_are_constant() -> None:
    net = Net(3)
    net.conv(net.conv(net.x, 5, dict.fromkeys(range(5), 17)), 4)
    assert _channels(net) == [1, 4]


def test_layers_that_share_weights_keep_them_shared() -> None:
    net = Net(4)
    first = net.conv(net.x, 4)
    second = net.conv(first, 4, {0: -128})
    ops = net.builder.graph.operators
    ops[1].inputs = [first, *ops[0].inputs[1:]]
    found = net.simplified(second)
    assert found.summary is None
    assert shapes_left(found) == [(1, 4, 4, 4), (1, 4, 4, 4)]


def test_counts_stay_multiples_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    net = Net(3)
    net.conv(net.conv(net.x, 10, {0: -128, 1: -128, 2: -128}), 9, {0: 4})
    found = net.simplified()
    assert [shape[-1] for shape in shapes_left(found)] == [8, 9]
    # What is kept for the count has no weights.
    weights = found.graph.tensors[found.graph.ops[0].inputs[1]].data
    assert weights is not None
    assert (~weights.any(axis=(1, 2, 3))).sum() == 1


@pytest.mark.parametrize(
    ("unread", "left"),
    [
        ((0, 1, 2, 3, 4, 29, 30, 31), (4, 32)),
        ((0, 1, 2, 31), (0, 32)),
        ((24, 25, 26, 27, 28, 29, 30, 31), (0, 24)),
    ],
)
def test_a_dense_layer_does_not_look_at_ends_that_it_does_not_need(
    unread: tuple[int, ...], left: tuple[int, int]
) -> None:
    net = Net(32, size=1)
    net.dense(net.reshape(net.x, 1, 32), 6, unread=[*unread, 15, 16])
    found, count = net.simplified(), left[1] - left[0]
    shapes = [(1, 32), (1, count), (1, 6)] if count < 32 else [(1, 32), (1, 6)]
    assert shapes_left(found) == shapes
    assert (found.summary.removed_inputs if found.summary else 0) == 32 - count
    # The rest lies where it is: nothing is copied.
    (layer,) = fit_ram(found.graph, CodegenOptions()).layers
    assert layer.op.kind == "FULLY_CONNECTED"
    assert layer.macs == 6 * count


def test_a_dense_layer_of_several_rows_reads_whole_rows() -> None:
    net = Net(8, size=2)
    data = np.array(6 * [1, 0, 0, 0], np.int8)
    weights = net.builder.tensor([3, 8], data=data, scales=[0.01], zero_points=[0])
    y = net.tensor([4, 3], 0)
    net.builder.op("FULLY_CONNECTED", [net.x, weights, -1], [y], options("FullyConnected"))
    assert shapes_left(net.simplified(y)) == [(4, 3)]


def test_what_went_is_counted() -> None:
    net = Net(3)
    net.conv(net.conv(net.x, 6, {1: -128, 4: -128}), 5)
    summary = net.simplified().summary
    assert summary is not None
    assert summary.removed_channels == 2
    assert (summary.macs_before, summary.macs_after) == (16 * (18 + 30), 16 * (12 + 20))
    before, after = 18 + 30 + 4 * 11, 12 + 20 + 4 * 9
    assert (summary.constants_before_bytes, summary.constants_after_bytes) == (before, after)


def test_sums_that_may_wrap_prove_nothing() -> None:
    net = Net(3)
    first = net.conv(net.x, 4)
    _, weights, bias = net.builder.graph.operators[0].inputs
    # With the largest bias a sum wraps to the other end, unless there is nothing to add.
    net.builder.set_constant(bias, np.array([2**31 - 1, 2**31 - 1, 5, 5]))
    data = net.builder.constant(weights)
    data[1] = 0
    net.builder.set_constant(weights, data)
    net.conv(first, 4)
    assert _channels(net) == [3, 4]


def test_intervals_hold_every_value_that_occurs() -> None:
    net = Net(3)
    net.leaky_relu(net.add(net.depthwise(net.conv(net.x, 4), zero=3), net.conv(net.x, 4)))
    graph = read_model(net.builder.pack([net.x], [max(net.zeros)])).main
    interval = Intervals(graph, CodegenOptions()).of(graph.outputs[0])
    assert (interval.low <= interval.high).all()
    assert (interval.low > -128).any()
    assert simplify(graph, CodegenOptions()).summary is None
