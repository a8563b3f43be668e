"""The page of the collection: what its cells say, what is kept of a run, and what is run again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.cases.kernels import BOTH
from support.common import ROOT
from support.models.road import Outcome, Verdict

from benchmarks import corpus, product
from benchmarks.corpus import Stored, Task, carry_out, product_digest
from benchmarks.corpus_page import CORES, FRAMEWORKS, PLACES, ModelRuns, Run, cell, page_of, why

TOOLS = {"zig": "0.1", "gcc": "1.2"}
COMMITS = dict.fromkeys(PLACES, "1a2b3c4")


def runs_of(outcome: Outcome, detail: str = "", *, exact_to: tuple[str, ...] = BOTH) -> list[Run]:
    return [
        Run(chain, oracle, aims, outcome, detail, ("kernel",))
        for oracle in exact_to
        for aims in (("speed", "ram"), ("flash",))
        for chain in ("zig", "gcc")
    ]


def test_a_cell_counts_what_was_exact() -> None:
    assert cell(runs_of("exact")) == "exact ×8"
    half = [*runs_of("exact", exact_to=("tflm",)), *runs_of("refused", "why", exact_to=("litert",))]
    assert cell(half) == "exact ×4 (tflm), refused (litert)"
    assert cell(runs_of("refused", "why")) == "refused"
    assert cell(runs_of("does not fit", "RAM")) == "does not fit"
    assert cell(None) == cell(()) == "not run"


def test_one_wrong_run_of_many_stands_in_the_cell() -> None:
    runs = runs_of("exact")
    runs[5] = replace(runs[5], outcome="wrong", detail="1 of 5 samples differ")
    assert cell(runs) == "exact ×7, **wrong** (litert)"
    row = ModelRuns("tflm", "a", {"M4": tuple(runs), "M3": tuple(runs_of("exact"))})
    assert why(row) == "M4 litert: 1 of 5 samples differ"
    assert "| tflm | 1 | 1 | 0 | 0 | 0 | 1 | 16 |" in page_of([row], TOOLS, COMMITS)


def test_why_names_a_reason_once() -> None:
    places = {core: tuple(runs_of("refused", "op 0 | no")) for core in CORES}
    assert why(ModelRuns("tflm", "a", places)) == "op 0 \\| no"
    places["M0+"] = tuple(runs_of("does not fit", "RAM, 3 bytes\nmore"))
    assert why(ModelRuns("tflm", "a", places)) == (
        "M0+: RAM, 3 bytes; M3, M4, M7, M33, M55: op 0 \\| no"
    )


def test_the_page_has_a_row_for_every_model_and_says_what_is_missing() -> None:
    whole = {core: tuple(runs_of("exact")) for core in CORES}
    whole |= {name: (Run("", "tflm", ("speed",), "compiles"),) for name in FRAMEWORKS}
    rows = [
        ModelRuns("tflm", "a", whole),
        ModelRuns("tflm", "b", {"M4": tuple(runs_of("refused", "op 0"))}),
        ModelRuns("negative", "c", {core: tuple(runs_of("does not fit", "RAM")) for core in CORES}),
    ]
    page = page_of(rows, TOOLS, COMMITS)
    assert "made by commit 1a2b3c4" in page
    assert f"| a | {' | '.join(['exact ×8'] * 6)} | compiles | compiles |  |" in page
    assert "| b | not run | not run | refused | not run |" in page
    assert "| tflm | 2 | 1 | 1 | 1 | 0 | 0 | 48 |" in page
    assert "| negative | 1 | 0 | 0 | 0 | 1 | 0 | 0 |" in page
    assert "**9 of 24 cells have not been run yet.**" in page
    assert "have not been run yet" not in page_of(rows[:1], TOOLS, COMMITS)
    assert "`kernel` 48" in page
    assert "zig 0.1 and gcc 1.2" in page
    for words in ("stand-ins", "No Arduino core and no Zephyr was used"):
        assert words in page


def test_a_result_is_kept_and_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what one model at a place is: every oracle, every C that differs, both compilers."""
    model = ROOT / "tests" / "data" / "collection" / "models" / "tflm" / "hello_world_int8.tflite"
    task = Task("tflm", "tflm/hello_world_int8", model, "M4", tmp_path / "kept.json")
    assert task.stored() is None
    asked: list[tuple[object, ...]] = []

    def pretended(*arguments: object) -> Verdict:
        asked.append(arguments[1:])
        return Verdict("exact", kernels=("one", "two"))

    monkeypatch.setattr(corpus, "road_verdict", pretended)
    assert "M4 tflm/hello_world_int8: exact" in carry_out(task)
    stored = task.stored()
    assert stored is not None
    assert stored.commit == product.commit()
    runs = stored.runs
    assert len(runs) == len(set(asked)) == len(asked)
    assert {(run.toolchain, run.exact_to) for run in runs} == {
        (chain, oracle) for chain in ("zig", "gcc") for oracle in BOTH
    }
    for exact_to in BOTH:
        aims = [a for run in runs if (run.toolchain, run.exact_to) == ("zig", exact_to)
                for a in run.optimize]  # fmt: skip
        assert sorted(aims) == ["flash", "ram", "speed"]
    assert runs[0].kernels == ("one", "two")
    corpus._run([task], 1, None)
    assert len(asked) == len(runs)
    assert json.loads(task.store.read_text())["model"] == "tflm/hello_world_int8"


def test_a_place_that_was_not_run_whole_is_taken_of_an_earlier_commit(tmp_path: Path) -> None:
    def task(name: str, place: str) -> Task:
        return Task("tflm", f"tflm/{name}", Path(name), place, tmp_path / f"{place}-{name}.json")

    def keep(path: Path, name: str, place: str, commit: str) -> None:
        path.parent.mkdir(exist_ok=True)
        Stored(f"tflm/{name}", place, commit, tuple(runs_of("exact"))).write(path)

    tasks = [task(name, place) for place in ("M3", "M4", "M7") for name in ("a", "b")]
    for one in tasks:
        if one.place == "M3" or (one.place == "M4" and one.name == "tflm/a"):
            keep(one.store, one.name.removeprefix("tflm/"), one.place, "new")
    earlier = tmp_path / "earlier"
    for place, names in {"M3": "ab", "M4": "ab", "M7": "a"}.items():
        for name in names:
            keep(earlier / f"{f'{place}{name}':0<32}.json", name, place, "old")
    (earlier / "corpus.json").write_text("{}", encoding="utf-8")
    columns = corpus._columns(tasks, earlier)
    assert corpus._commits(columns) == {"M3": "new", "M4": "old"}
    rows = corpus._rows(tasks, columns)
    assert [(row.name, sorted(row.places)) for row in rows] == [
        ("a", ["M3", "M4"]), ("b", ["M3", "M4"]),
    ]  # fmt: skip
    told = page_of(rows, TOOLS, corpus._commits(columns))
    assert "The firmware was made by commit new (M3) and commit old (M4)." in told
    assert corpus._commits(corpus._columns(tasks, None)) == {"M3": "new", "M4": "new"}


def test_results_are_of_one_product_and_one_set_of_tools() -> None:
    assert product_digest(TOOLS) == product_digest(dict(TOOLS))
    assert product_digest(TOOLS) != product_digest({**TOOLS, "zig": "0.2"})


def test_every_place_has_its_column() -> None:
    assert (*CORES, *FRAMEWORKS) == PLACES
    assert len(PLACES) == 8
