"""The stated distances against the kernels' loops, byte by byte; and plans against both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cases import orders
from support.cases.stated_orders import STATED

from tinycompress.codegen.arena.planner import Buffer, Reuse, plan_memory
from tinycompress.codegen.overlap import Numbers as LayerNumbers
from tinycompress.codegen.overlap import Overlap

Numbers = dict[str, int]
Loops = Callable[[Numbers], Iterator[orders.Step]]

sizes = st.integers(1, 6)


@st.composite
def geometry(draw: st.DrawFn) -> Numbers:
    """A window on an input: any padding that leaves an output, dilation for those that take it."""
    found = {"batches": draw(st.integers(1, 2))}
    for dimension, before in (("height", "pad_top"), ("width", "pad_left")):
        size, taps, stride = draw(sizes), draw(st.integers(1, 4)), draw(st.integers(1, 3))
        pad = draw(st.integers(0, 3))
        outputs = (size + pad + draw(st.integers(0, 3)) - taps) // stride + 1
        found |= {
            f"input_{dimension}": size,
            f"filter_{dimension}": taps,
            f"stride_{dimension}": stride,
            before: pad,
            f"output_{dimension}": max(outputs, 1),
        }
    return found


@st.composite
def conv(draw: st.DrawFn) -> Numbers:
    shape = draw(geometry())
    return {**shape, "input_channels": draw(sizes), "output_channels": draw(sizes)}


@st.composite
def windowed(draw: st.DrawFn) -> Numbers:
    """As the fast convolutions have it: the window's fields in a struct of their own."""
    shape = draw(conv())
    own = ("batches", "output_channels", "output_height")
    inner = {f"window.{name}": value for name, value in shape.items() if name not in own}
    return {**shape, **inner, "output_area": shape["output_height"] * shape["output_width"]}


@st.composite
def depthwise(draw: st.DrawFn) -> Numbers:
    shape = draw(geometry())
    shape |= {"input_channels": draw(sizes), "depth_multiplier": draw(st.sampled_from([1, 1, 2]))}
    span = (shape["output_width"] - 1) * shape["stride_width"] + shape["filter_width"]
    used = max(min(shape["input_width"], span - shape["pad_left"]), 0)
    band = draw(st.integers(1, shape["output_height"]))
    return {**shape, "used_width": used, "band_height": band}


def threes_by_three() -> st.SearchStrategy[Numbers]:
    """As `windowed`, of 3x3 windows at stride 1 over an image wider than four tiles or not."""
    fixed = {"filter_height": 3, "filter_width": 3, "stride_height": 1, "stride_width": 1}

    def sized(height: int, width: int, pad: int, rest: Numbers) -> Numbers:
        shape = {
            **rest, **fixed, "pad_top": pad, "pad_left": pad, "input_height": height,
            "input_width": width, "output_height": height + 2 * pad - 2,
            "output_width": width + 2 * pad - 2,
        }  # fmt: skip
        own = ("batches", "output_channels", "output_height")
        return {**shape, **{f"window.{n}": value for n, value in shape.items() if n not in own}}

    channels = fields(batches=(1, 2), input_channels=(1, 4), output_channels=(1, 4))
    return st.builds(sized, st.integers(3, 7), st.integers(3, 19), st.integers(0, 1), channels)


def fours() -> st.SearchStrategy[Numbers]:
    """As `depthwise`, with channels that come in fours, each of one output."""
    return depthwise().map(
        lambda n: {**n, "input_channels": 4 * n["input_channels"], "depth_multiplier": 1}
    )


def fields(**ranges: tuple[int, int]) -> st.SearchStrategy[Numbers]:
    return st.fixed_dictionaries({n: st.integers(a, b) for n, (a, b) in ranges.items()})


MATRIX = fields(batches=(1, 5), inputs=(1, 9), outputs=(1, 19))
PIXELS = fields(pixels=(1, 13), inputs=(1, 9), outputs=(1, 9))
MEAN = fields(kept_0=(1, 3), reduced_0=(1, 3), kept_1=(1, 3), reduced_1=(1, 3), kept_2=(1, 3))


def channelled(least: int) -> st.SearchStrategy[Numbers]:
    """A pool of so many channels or more."""
    channels = st.integers(least, least + 9)
    return geometry().flatmap(lambda g: channels.map(lambda c: {**g, "channels": c}))


def planes_of(least: int) -> st.SearchStrategy[Numbers]:
    """A MEAN that keeps so many channels or more behind what it reduces."""
    return fields(kept_0=(1, 3), reduced_0=(1, 5), kept_1=(least, least + 9))


KERNELS: dict[str, tuple[st.SearchStrategy[Numbers], Loops]] = {
    "add_plane_s8_plain": (fields(count=(1, 9)), orders.every_element),
    "add_s8_ref": (fields(count=(1, 9)), orders.every_element),
    "average_pool_2d_s8_dsp": (channelled(4), partial(orders.pool, at_once=4, repeats=True)),
    "average_pool_2d_s8_mve": (channelled(8), partial(orders.pool, at_once=8, repeats=True)),
    "conv_1x1_s8_fitted_dsp": (PIXELS, orders.pixels_in_threes),
    "conv_1x1_s8_fitted_mla": (
        fields(pixels=(1, 9), inputs=(1, 9), outputs=(4, 13)),
        orders.pixels_in_twos,
    ),
    "conv_2d_s8_fitted_dsp": (windowed(), partial(orders.windows, at_once=3)),
    "conv_2d_s8_fitted_mla": (windowed(), partial(orders.windows, at_once=2)),
    "conv_2d_s8_fitted_thumb1": (windowed(), partial(orders.windows, at_once=1)),
    "conv_2d_s8_ref": (conv(), orders.conv_by_element),
    "conv_2d_winograd_s8_fitted_dsp": (threes_by_three(), orders.tiles_in_fours),
    "conv_2d_words_s8_fitted_thumb1": (windowed(), partial(orders.windows, at_once=1)),
    "depthwise_conv_2d_s8_ref": (depthwise(), orders.depthwise_by_element),
    "depthwise_3x3_fours_stride_1_s8_dsp": (fours(), partial(orders.planes, together=4)),
    "depthwise_3x3_stride_1_s8_dsp": (depthwise(), orders.planes),
    "depthwise_3x3_s8_thumb1": (depthwise(), orders.planes),
    "depthwise_planes_s8_dsp": (depthwise(), orders.planes),
    "depthwise_planes_s8_two_roundings_thumb1": (depthwise(), orders.planes),
    "depthwise_planes_s8_fitted_plain": (depthwise(), orders.planes),
    "depthwise_quads_s8_fitted_dsp": (
        geometry().flatmap(lambda g: sizes.map(lambda c: {**g, "channels": 4 * c})),
        orders.quads,
    ),
    "fully_connected_direct_s8_fitted_dsp": (MATRIX, partial(orders.groups_of_rows, at_once=4)),
    "fully_connected_s8_fitted_dsp": (MATRIX, orders.rows),
    "fully_connected_s8_fitted_mla": (MATRIX, partial(orders.groups_of_rows, at_once=8)),
    "fully_connected_s8_ref": (MATRIX, orders.outputs_of_rows),
    "map_table_s8_ref": (fields(count=(1, 9)), orders.every_element),
    "max_pool_2d_s8_dsp": (channelled(4), partial(orders.pool, at_once=4, repeats=True)),
    "max_pool_2d_s8_mve": (channelled(12), partial(orders.pool, at_once=16)),
    "max_pool_2d_s8_ref": (channelled(1), orders.pool_by_element),
    "mean_s8_dsp": (planes_of(4), partial(orders.means, at_once=4)),
    "mean_s8_mve": (planes_of(8), partial(orders.means, at_once=8)),
    "mean_s8_ref": (MEAN, orders.mean_by_element),
}


def stated(kernel: str, numbers: Numbers) -> Overlap | None:
    """What the engine states for a layer with these parameters."""
    return STATED[kernel](LayerNumbers(numbers))


def extent(steps: list[orders.Step]) -> tuple[int, int]:
    """Bytes of input and output that the loops touch."""
    reads = set().union(*(r for r, _ in steps))
    writes = set().union(*(w for _, w in steps))
    return max(reads, default=0) + 1, max(writes) + 1


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_every_allowed_distance_is_safe(kernel: str) -> None:
    strategy, loops = KERNELS[kernel]

    @settings(max_examples=60, deadline=None)
    @given(strategy)
    def check(numbers: Numbers) -> None:
        overlap, steps = stated(kernel, numbers), list(loops(numbers))
        if overlap is None:
            return
        input_bytes, output_bytes = extent(steps)
        for distance in range(-input_bytes, output_bytes + 1):
            far = distance >= overlap.distance_bytes
            if far and distance % overlap.multiple_bytes == 0:
                assert orders.survives(steps, distance), (distance, overlap)

    check()


def _windows_inside(numbers: Numbers) -> Numbers:
    """The same without padding, all windows beginning in the input: their lowest byte is read."""
    found = dict(numbers)
    for dimension, before in (("height", "pad_top"), ("width", "pad_left")):
        if f"input_{dimension}" not in found:
            continue
        fitting = -(-found[f"input_{dimension}"] // found[f"stride_{dimension}"])
        found[f"output_{dimension}"] = min(found[f"output_{dimension}"], fitting)
        found[before] = 0
    if "output_area" in found:
        found["output_area"] = found["output_height"] * found["output_width"]
    if "band_height" in found:
        found["band_height"] = min(found["band_height"], found["output_height"])
    if "used_width" in found:
        span = (found["output_width"] - 1) * found["stride_width"] + found["filter_width"]
        found["used_width"] = min(found["input_width"], span)
    prefix = "window."
    inner = [name.removeprefix(prefix) for name in found if name.startswith(prefix)]
    return found | {prefix + name: found[name] for name in inner}


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_no_smaller_distance_would_do(kernel: str) -> None:
    strategy, loops = KERNELS[kernel]

    @settings(max_examples=60, deadline=None)
    @given(strategy.map(_windows_inside))
    def check(numbers: Numbers) -> None:
        overlap, steps = stated(kernel, numbers), list(loops(numbers))
        if overlap is None:
            return
        input_bytes, _ = extent(steps)
        nearer = overlap.distance_bytes - overlap.multiple_bytes
        assert nearer <= -input_bytes or not orders.survives(steps, nearer), (nearer, overlap)

    check()


@st.composite
def networks(draw: st.DrawFn) -> list[tuple[str, Numbers, list[int]]]:
    """Layers in order: kernel, parameters, and the earlier tensors that fit its input."""
    found: list[tuple[str, Numbers, list[int]]] = []
    for _ in range(draw(st.integers(1, 6))):
        kernel = draw(st.sampled_from(sorted(KERNELS)))
        numbers = draw(KERNELS[kernel][0])
        found.append((kernel, numbers, [draw(st.integers(0, 40)), draw(st.integers(0, 40))]))
    return found


@settings(max_examples=150, deadline=None)
@given(networks())
def test_no_layer_of_a_planned_network_reads_what_was_overwritten(
    network: list[tuple[str, Numbers, list[int]]],
) -> None:
    """Every byte of memory remembers whose it is; freed bytes are nobody's."""
    made = [(k, n, list(KERNELS[k][1](n))) for k, n, _ in network]
    extents = [extent(steps) for *_, steps in made]
    # Tensor 0 is the input; tensor i is what layer i - 1 wrote. A layer reads one that exists.
    reads = [picks[0] % (i + 1) for i, (*_, picks) in enumerate(network)]
    tensors = [1, *(output for _, output in extents)]
    for source, (needed, _) in zip(reads, extents, strict=True):
        tensors[source] = max(tensors[source], needed)
    last = {source: step for step, source in enumerate(reads)}
    buffers = [
        Buffer(f"t{i}", size, i - 1, max(last.get(i, i - 1), i - 1), 4)
        for i, size in enumerate(tensors)
    ]
    reuses = [
        Reuse(step + 1, source, overlap.distance_bytes, overlap.multiple_bytes)
        for step, (source, (kernel, numbers, _)) in enumerate(zip(reads, made, strict=True))
        if last[source] == step
        and (overlap := stated(kernel, numbers)) is not None
        # What lies behind the bytes that the kernel writes is written by nobody.
        and tensors[step + 1] == extents[step][1]
    ]
    plan = plan_memory(buffers, reuses, work=3_000)
    memory: dict[int, Any] = {plan.offsets[0] + i: (0, i) for i in range(tensors[0])}
    for step, (source, (_, _, steps)) in enumerate(zip(reads, made, strict=True)):
        for read, written in steps:
            for byte in read:
                assert memory.get(plan.offsets[source] + byte) == (source, byte)
            for byte in written:
                memory[plan.offsets[step + 1] + byte] = (step + 1, byte)
        for byte in range(extents[step][1], tensors[step + 1]):
            memory[plan.offsets[step + 1] + byte] = (step + 1, byte)
        _free(memory, plan.offsets, tensors, last, step)


def _free(
    memory: dict[int, Any],
    offsets: tuple[int, ...],
    tensors: list[int],
    last: dict[int, int],
    step: int,
) -> None:
    """Forget all bytes but those of tensors that a later layer reads."""
    live = {
        offsets[i] + byte
        for i, size in enumerate(tensors[: step + 2])
        if last.get(i, -1) > step
        for byte in range(size)
    }
    for address in [address for address in memory if address not in live]:
        del memory[address]
