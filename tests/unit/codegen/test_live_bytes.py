"""What is computed of a stage in patches before its graph is made, or from parts of it alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.cases.patches import network
from support.models.collection import Collection

from tinycompress.codegen.arena.elide_copies import elide_copies
from tinycompress.codegen.arena.live_bytes import LiveBytes
from tinycompress.codegen.arena.patch import Stage, more_macs, patched, stages
from tinycompress.codegen.arena.patching import patchings
from tinycompress.codegen.arena.row_flow import HEIGHT
from tinycompress.codegen.macs import total_macs
from tinycompress.codegen.passes import run_passes
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model


def _graph(tflite: bytes) -> Graph:
    return elide_copies(run_passes(read_model(tflite).main))


def _plans(graph: Graph, every: int = 1) -> Iterator[tuple[Stage, int]]:
    for stage in list(stages(graph, 12))[::every]:
        height = graph.tensors[stage.target].shape[HEIGHT]
        yield from ((stage, -(-height // count)) for count in (2, 3, 5, 12) if count <= height)


def _checked(graph: Graph, every: int = 1) -> int:
    """How many patched graphs were looked at as wholes, too."""
    live, count = LiveBytes(graph), 0
    for stage, rows in _plans(graph, every):
        more = more_macs(graph, stage, rows)
        if more is None:
            with pytest.raises(ValueError, match="padding"):
                patched(graph, stage, rows)
            continue
        after = patched(graph, stage, rows)
        assert more == total_macs(after) - total_macs(graph)
        assert live.most_with_patches(stage, after) == max(LiveBytes(after).totals)
        count += 1
    return count


def test_of_random_networks() -> None:
    assert sum(_checked(_graph(network(seed).tflite())) for seed in range(12)) > 100


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "mcunet_tinyengine/mcunet_vww",
        "mlperf_tiny/vww_96_int8",
        "mlperf_tiny/pretrainedResnet_quant",
    ],
)
def test_of_real_networks(shared_data: Collection, name: str) -> None:
    tflite = shared_data.file(f"models/{name}.tflite").read_bytes()
    assert _checked(_graph(tflite), every=11) > 5


def test_the_fewest_macs_come_first_and_meet_the_limits() -> None:
    graph = _graph(network(3).tflite())
    floor, most = max(LiveBytes(graph).totals), total_macs(graph) // 4
    found = list(patchings(graph, floor, most))
    assert len(found) > 2
    macs = [each.more_macs for each in found]
    assert macs == sorted(macs)
    assert macs[-1] <= most
    assert all(max(LiveBytes(each.graph).totals) == each.floor_bytes <= floor for each in found)
