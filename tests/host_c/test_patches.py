"""Networks computed in patches give the oracle's bytes, whichever operators and however many."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH, Array
from support.cases.lowering import check_legality, lower_graph
from support.cases.patches import network
from support.host_model import HostModel
from support.models.collection import Collection

from tinycompress.artifacts import ExactTo, GeneratedSources
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.arena.memory import lay_out
from tinycompress.codegen.arena.patch import more_macs, patched, stages
from tinycompress.codegen.arena.row_flow import HEIGHT
from tinycompress.codegen.macs import total_macs
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.rendering.render import render
from tinycompress.errors import DoesNotFitError
from tinycompress.ir.graph import Graph, Model
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

CORES = {
    "dsp": {},
    "mla": {"core": "cortex-m3", "dsp": False},
    "thumb1": {"core": "cortex-m0plus", "dsp": False},
}


def _sources(model: Model, graph: Graph, core: CodegenOptions) -> GeneratedSources:
    layers = lower_graph(graph, core)
    return render(model, graph, layers, lay_out(graph, layers, work=20_000), core)


def _same(
    tflite: bytes, sources: GeneratedSources, core: CodegenOptions, samples: list[Array]
) -> None:
    model, oracle = HostModel(sources, flags=("-O0",)), Oracle(tflite, core.exact_to)
    for sample in samples:
        np.testing.assert_array_equal(model.run(sample)[0], oracle.run(sample)[0])


def _check(seed: int, core: CodegenOptions, most: int) -> int:
    """Some patchings of a random network; how many there were."""
    made, rng = network(seed), np.random.default_rng(seed)
    tflite = made.tflite()
    model = read_model(tflite)
    graph = run_passes(model.main)
    check_legality(graph, core)
    found = list(stages(graph, 8))
    tried = 0
    for i in rng.permutation(len(found)).tolist()[:most]:
        rows = int(rng.integers(1, graph.tensors[found[i].target].shape[HEIGHT]))
        if more_macs(graph, found[i], rows) is None:
            continue
        split = patched(graph, found[i], rows)
        samples = [made.samples(1)[k][0] for k in (0, -1)]
        _same(tflite, _sources(model, split, core), core, samples)
        tried += 1
    return tried


@pytest.mark.parametrize("name", sorted(CORES))
def test_random_networks_in_patches_are_exact(name: str) -> None:
    core = CodegenOptions(**CORES[name])  # type: ignore[arg-type]
    first = 100 * sorted(CORES).index(name)
    assert sum(_check(seed, core, 1) for seed in range(first, first + 6)) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
def test_many_random_networks_in_patches_are_exact(exact_to: ExactTo) -> None:
    for number, name in enumerate(sorted(CORES)):
        core = CodegenOptions(exact_to=exact_to, **CORES[name])  # type: ignore[arg-type]
        seeds = range(1000 * number, 1000 * number + 25)
        assert sum(_check(seed, core, 3) for seed in seeds) >= 30


@pytest.mark.shared
def test_a_budget_is_met_by_patches(shared_data: Collection) -> None:
    """Half of what whole tensors take, for a hundredth more products."""
    tflite = shared_data.file("models/tflm/person_detect.tflite").read_bytes()
    model = read_model(tflite)
    options = CodegenOptions(optimize="flash", ram_budget_bytes=24_576)
    sources = generate(model, options)
    assert sources.arena_bytes <= 24_576
    assert sources.macs < 1.02 * total_macs(model.main)
    assert any("patches instead of whole tensors" in trade for trade in sources.trades)
    sample = np.random.default_rng(5).integers(-128, 128, (1, 96, 96, 1)).astype(np.int8)
    _same(tflite, sources, options, [sample])


@pytest.mark.slow
@pytest.mark.shared
def test_the_input_is_whole_in_any_case(shared_data: Collection) -> None:
    """The host writes 27,648 bytes before anything runs; the nearest that is said can be met."""
    tflite = shared_data.file("models/mlperf_tiny/vww_96_int8.tflite").read_bytes()
    model = read_model(tflite)
    with pytest.raises(DoesNotFitError, match="the budget is 24576") as refused:
        generate(model, CodegenOptions(ram_budget_bytes=24_576))
    words = str(refused.value.hint).split()
    nearest = int(words[words.index("budget") + 2])
    assert 27_648 < nearest < 30_000
    assert generate(model, CodegenOptions(ram_budget_bytes=nearest)).arena_bytes <= nearest
