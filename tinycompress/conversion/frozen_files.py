"""A frozen graph in files, for another process."""

from __future__ import annotations

import json
from pathlib import Path

from tinycompress.conversion.frozen import FrozenGraph


def write_graph(directory: Path, stem: str, graph: FrozenGraph) -> None:
    """Leave what a conversion needs of a graph in two files of that stem."""
    told = {
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "keeps_functions": graph.keeps_functions,
        "states": graph.states,
    }
    (directory / f"{stem}.json").write_text(json.dumps(told), encoding="utf-8")
    (directory / f"{stem}.pb").write_bytes(graph.graph_def)


def read_graph(directory: Path, stem: str) -> FrozenGraph:
    """What `write_graph` has left."""
    told = json.loads((directory / f"{stem}.json").read_text(encoding="utf-8"))
    return FrozenGraph(
        (directory / f"{stem}.pb").read_bytes(),
        tuple(told["inputs"]),
        tuple(told["outputs"]),
        keeps_functions=told["keeps_functions"],
        states=tuple(told["states"]),
    )
