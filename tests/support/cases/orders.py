"""The loops of the kernels, step by step: which bytes each reads, and then which it writes.

Written from the C alone and one element at a time, so that `codegen.access_order` is compared with
something that does not share its reasoning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Numbers = Mapping[str, int]
Step = tuple[set[int], set[int]]
"""Bytes of the input that are read, then bytes of the output that are written."""


def _taps(p: Numbers, n: int, oy: int, ox: int, channels: int) -> list[int]:
    """Where the pixels begin that lie in an output's window."""
    found = []
    for ky in range(p["filter_height"]):
        for kx in range(p["filter_width"]):
            y = oy * p["stride_height"] - p["pad_top"] + ky * p.get("dilation_height", 1)
            x = ox * p["stride_width"] - p["pad_left"] + kx * p.get("dilation_width", 1)
            if 0 <= y < p["input_height"] and 0 <= x < p["input_width"]:
                found.append(((n * p["input_height"] + y) * p["input_width"] + x) * channels)
    return found


def _pixels(p: Numbers) -> Iterator[tuple[int, int, int, int]]:
    """Batch, row, column and running number of every output pixel."""
    number = 0
    for n in range(p["batches"]):
        for oy in range(p["output_height"]):
            for ox in range(p["output_width"]):
                yield n, oy, ox, number
                number += 1


def _bytes(begins: Sequence[int], count: int) -> set[int]:
    return {begin + i for begin in begins for i in range(count)}


def windows(p: Numbers, at_once: int) -> Iterator[Step]:
    """Copy windows, then write their pixels: conv_2d_s8_dsp.h (three), _mla.h (two), _thumb1.h."""
    area = p["output_height"] * p["output_width"]
    pixels = list(_pixels(p))
    outputs, channels = p["output_channels"], p["input_channels"]
    for first in range(0, len(pixels), area):
        for group in range(first, first + area, at_once):
            chosen = pixels[group : min(group + at_once, first + area)]
            reads = {
                byte
                for n, oy, ox, _ in chosen
                for byte in _bytes(_taps(p, n, oy, ox, channels), channels)
            }
            yield reads, _bytes([number * outputs for *_, number in chosen], outputs)


def tiles_in_fours(p: Numbers) -> Iterator[Step]:
    """conv_2d_winograd_s8_dsp.h: copy four rows of ten columns, write two rows of eight outputs."""
    numbers = {(n, oy, ox): number for n, oy, ox, number in _pixels(p)}
    inputs, outputs = p["input_channels"], p["output_channels"]
    for n in range(p["batches"]):
        for oy in range(0, p["output_height"], 2):
            for ox in range(0, p["output_width"], 8):
                tile = {**p, "filter_height": 4, "filter_width": 10}
                written = [
                    numbers[n, oy + y, ox + x]
                    for y in range(2)
                    for x in range(8)
                    if (n, oy + y, ox + x) in numbers
                ]
                yield (
                    _bytes(_taps(tile, n, oy, ox, inputs), inputs),
                    _bytes([number * outputs for number in written], outputs),
                )


def pixels_in_threes(p: Numbers) -> Iterator[Step]:
    """conv_1x1_s8_dsp.h: widen three pixels, write three pixels."""
    for first in range(0, p["pixels"], 3):
        chosen = range(first, min(first + 3, p["pixels"]))
        yield (
            _bytes([i * p["inputs"] for i in chosen], p["inputs"]),
            _bytes([i * p["outputs"] for i in chosen], p["outputs"]),
        )


def pixels_in_twos(p: Numbers) -> Iterator[Step]:
    """conv_1x1_s8_mla.h: two pixels, four outputs of each at a time; the last four come last."""
    outputs = p["outputs"]
    starts = [*range(0, outputs // 4 * 4, 4), *([outputs - 4] if outputs % 4 else [])]
    for first in range(0, p["pixels"], 2):
        chosen = range(first, min(first + 2, p["pixels"]))
        for start in starts:
            yield (
                _bytes([i * p["inputs"] for i in chosen], p["inputs"]),
                _bytes([i * outputs + start for i in chosen], 4),
            )


def conv_by_element(p: Numbers) -> Iterator[Step]:
    """conv_2d_s8_ref.h, one group."""
    for n, oy, ox, number in _pixels(p):
        reads = _bytes(_taps(p, n, oy, ox, p["input_channels"]), p["input_channels"])
        for channel in range(p["output_channels"]):
            yield reads, {number * p["output_channels"] + channel}


def depthwise_by_element(p: Numbers) -> Iterator[Step]:
    """depthwise_conv_2d_s8_ref.h."""
    channels = p["input_channels"] * p["depth_multiplier"]
    for n, oy, ox, number in _pixels(p):
        taps = _taps(p, n, oy, ox, p["input_channels"])
        for channel in range(channels):
            reads = {tap + channel // p["depth_multiplier"] for tap in taps}
            yield reads, {number * channels + channel}


def pool_by_element(p: Numbers) -> Iterator[Step]:
    """average_pool_2d.h and max_pool_2d.h."""
    yield from pool(p, 1)


def pool(p: Numbers, at_once: int, *, repeats: bool = False) -> Iterator[Step]:
    """average_pool_2d_s8_dsp.h and the like: some channels, then their outputs.

    Args:
        p: The layer's parameters.
        at_once: Channels that are read together.
        repeats: Whether the last ones have some that come before, or are fewer.
    """
    channels = p["channels"]
    for n, oy, ox, number in _pixels(p):
        taps = _taps(p, n, oy, ox, channels)
        for first in range(0, channels, at_once):
            begin = min(first, channels - at_once) if repeats else first
            count = min(at_once, channels - begin)
            yield (
                _bytes([tap + begin for tap in taps], count),
                _bytes([number * channels + begin], count),
            )


def means(p: Numbers, at_once: int) -> Iterator[Step]:
    """mean_s8_dsp.h (four) and mean_s8_mve.h (eight): the last have some that come before."""
    channels = p["kept_1"]
    for plane in range(p["kept_0"]):
        pixels = [(plane * p["reduced_0"] + i) * channels for i in range(p["reduced_0"])]
        for first in range(0, channels, at_once):
            begin = min(first, channels - at_once)
            yield (
                _bytes([pixel + begin for pixel in pixels], at_once),
                _bytes([plane * channels + begin], at_once),
            )


def planes(p: Numbers, together: int = 1) -> Iterator[Step]:
    """depthwise_planes_s8.h: rows of one channel into its plane, then a band of outputs; or of so
    many channels together, depthwise_3x3_s8_dsp.h."""
    inputs, multiplier = p["input_channels"], p["depth_multiplier"]
    outputs, width = inputs * multiplier, p["input_width"]
    for n in range(p["batches"]):
        for channel in range(0, inputs, together):
            held: set[int] = set()
            for oy in range(0, p["output_height"], p["band_height"]):
                rows = min(p["band_height"], p["output_height"] - oy)
                top = oy * p["stride_height"] - p["pad_top"]
                wanted = set(range(top, top + (rows - 1) * p["stride_height"] + p["filter_height"]))
                kept = max(p["filter_height"] - p["stride_height"], 0)
                already = set(range(top, top + kept)) if oy else set()
                assert already <= held
                loaded = {y for y in wanted - already if 0 <= y < p["input_height"]}
                reads = {
                    ((n * p["input_height"] + y) * width + x) * inputs + channel + c
                    for y in loaded
                    for x in range(p["used_width"])
                    for c in range(together)
                }
                held = wanted
                first = (n * p["output_height"] + oy) * p["output_width"]
                pixels = range(first, first + rows * p["output_width"])
                begins = [i * outputs + channel * multiplier for i in pixels]
                yield reads, _bytes(begins, together * multiplier)


def rows(p: Numbers) -> Iterator[Step]:
    """fully_connected_s8_dsp.h: widen a row, write its outputs."""
    for n in range(p["batches"]):
        yield _bytes([n * p["inputs"]], p["inputs"]), _bytes([n * p["outputs"]], p["outputs"])


def outputs_of_rows(p: Numbers) -> Iterator[Step]:
    """fully_connected_s8_ref.h and its like."""
    for n in range(p["batches"]):
        for output in range(p["outputs"]):
            yield _bytes([n * p["inputs"]], p["inputs"]), {n * p["outputs"] + output}


def groups_of_rows(p: Numbers, at_once: int) -> Iterator[Step]:
    """fully_connected_s8_mla.h (eight) and its direct kernels for DSP (four), then singles."""
    outputs = p["outputs"]
    whole = outputs // at_once * at_once
    groups = [
        *((i, at_once) for i in range(0, whole, at_once)),
        *((i, 1) for i in range(whole, outputs)),
    ]
    for n in range(p["batches"]):
        for first, count in groups:
            yield _bytes([n * p["inputs"]], p["inputs"]), _bytes([n * outputs + first], count)


def quads(p: Numbers) -> Iterator[Step]:
    """depthwise_quads_s8_dsp.h: four channels of a pixel at a time."""
    channels = p["channels"]
    for n, oy, ox, number in _pixels(p):
        taps = _taps(p, n, oy, ox, channels)
        for channel in range(0, channels, 4):
            yield (
                _bytes([tap + channel for tap in taps], 4),
                _bytes([number * channels + channel], 4),
            )


def mean_by_element(p: Numbers) -> Iterator[Step]:
    """mean_s8_ref.h."""
    number = 0
    for a in range(p["kept_0"]):
        for b in range(p["kept_1"]):
            for c in range(p["kept_2"]):
                reads = set()
                for i in range(p["reduced_0"]):
                    for j in range(p["reduced_1"]):
                        row = (a * p["reduced_0"] + i) * p["kept_1"] + b
                        reads.add((row * p["reduced_1"] + j) * p["kept_2"] + c)
                yield reads, {number}
                number += 1


def every_element(p: Numbers) -> Iterator[Step]:
    """add_s8_ref.h and the map_s8 kernels."""
    for i in range(p["count"]):
        yield {i}, {i}


def survives(steps: Sequence[Step], distance: int) -> bool:
    """Whether no byte is read after it was written, with the input ``distance`` behind the output.

    Args:
        steps: The kernel's.
        distance: Offset of the input less that of the output.
    """
    written: set[int] = set()
    for reads, writes in steps:
        if any(byte + distance in written for byte in reads):
            return False
        written |= writes
    return True
