"""Which graphs of the fuzzer take the product's own road, where, and what a finding says."""

from __future__ import annotations

import shlex
from itertools import product
from pathlib import Path

import pytest
from support.fuzz.graphs import GraphSeed
from support.fuzz.road_share import GRAPHS_IN_A_FILE, RoadFuzzer, place_of, split, takes_the_road
from support.models.road import AIMS, BOARD_OF_CORE, CHAINS, OUTCOMES, Verdict

from tinycompress.boards import load_board
from tinycompress.cli.main import main
from tinycompress.ir.reader import read_model


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("first", [0, 7, 5_000_000])
def test_the_share_is_what_is_stated(share: float, first: int) -> None:
    here, there = split(range(first, first + 1000), share)
    assert sorted([*here, *there]) == list(range(first, first + 1000))
    assert abs(len(there) - 1000 * share) <= 1


def test_a_seed_takes_the_same_road_in_every_run() -> None:
    whole = split(range(400), 0.1)[1]
    parts = [split(range(start, start + 40), 0.1)[1] for start in range(0, 400, 40)]
    assert [seed for part in parts for seed in part] == whole
    assert all(len(part) == 4 for part in parts)
    assert not any(takes_the_road(seed, 0) for seed in range(100))


def test_a_dozen_files_reach_every_core_with_both_compilers() -> None:
    for start in (0, 5, 12, 100):
        places = {(p.core, p.toolchain) for p in map(place_of, range(start, start + 12))}
        if start % 12 == 0:
            assert places == set(product(BOARD_OF_CORE, CHAINS))
        assert {core for core, _ in places} == set(BOARD_OF_CORE)


def test_every_place_meets_every_aim_with_state_and_without() -> None:
    met = {(*vars(place_of(variant)).values(), variant % 3 == 2) for variant in range(144)}
    assert met == set(product(BOARD_OF_CORE, CHAINS, AIMS, (True, False)))


def test_the_boards_are_of_the_cores_that_they_stand_for() -> None:
    cores = {name: load_board(board).cpu.core for name, board in BOARD_OF_CORE.items()}
    assert cores == {name: f"cortex-{name.lower().replace('+', 'plus')}" for name in cores}
    assert set(cores) == {"M0+", "M3", "M4", "M7", "M33", "M55"}


class Pretended(RoadFuzzer):
    """A road on which every file with some operator comes to one outcome."""

    def __init__(self, kind: str, outcome: str, failures: Path) -> None:
        super().__init__(failures)
        self.kind, self.outcome = kind, outcome
        self.files: list[int] = []

    def verdict(self, tflite: bytes, seed: GraphSeed) -> Verdict:
        graph = read_model(tflite).main
        self.files.append(len(graph.outputs))
        found = any(op.kind == self.kind for op in graph.ops)
        outcome = next(o for o in OUTCOMES if o == (self.outcome if found else "exact"))
        return Verdict(outcome, f"{self.kind} is there" if found else "")


def test_a_wrong_graph_is_found_cut_down_and_can_be_repeated(tmp_path: Path) -> None:
    fuzzer = Pretended("TANH", "wrong", tmp_path)
    fuzzer.run_road(range(80), "tflm")
    assert 70 < fuzzer.tally.graphs["tflm"] == fuzzer.places.total()
    assert fuzzer.tally.mismatches
    kept = sorted(tmp_path.glob("*.tflite"))
    assert len(kept) == len(fuzzer.tally.mismatches)
    for path in kept:
        ops = read_model(path.read_bytes()).main.ops
        assert [op.kind == "TANH" for op in ops].count(True) == 1
        text = path.with_suffix(".txt").read_text()
        build, bench = text.split("repeat: ")[1].strip().split(" && ")
        assert shlex.split(build)[:3] == ["tinycompress", "build", str(path)]
        assert shlex.split(bench) == ["tinycompress", "bench", str(path.with_suffix(""))]
        for command in (build, bench):
            name, *arguments = shlex.split(command)[1:]
            main.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("outcome", ["does not fit", "no oracle", "refused"])
def test_what_nothing_can_be_said_of_is_counted_apart(outcome: str, tmp_path: Path) -> None:
    fuzzer = Pretended("TANH", outcome, tmp_path)
    fuzzer.run_road(range(80), "tflm")
    assert fuzzer.tally.mismatches == []
    refused = sum(n for why, n in fuzzer.tally.refused.items() if why.startswith("on the road"))
    assert refused > 0
    assert list(tmp_path.iterdir()) == []


def test_few_graphs_are_in_a_file(tmp_path: Path) -> None:
    fuzzer = Pretended("TANH", "exact", tmp_path)
    fuzzer.run_road(range(20), "litert")
    assert len(fuzzer.files) == -(-20 // GRAPHS_IN_A_FILE)
