"""docs/performance.md from measured figures and those of stock TFLM with CMSIS-NN."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Run = Mapping[str, Any]
Baseline = Mapping[str, Any]

_WORST_LAYERS = 12
_PUBLISHED_CORE, _PUBLISHED_MHZ = "cortex-m4", 120
_PUBLISHED_MS = {
    "ad01_int8": ("Plumerai", 4.05),
    "pretrainedResnet_quant": ("ST X-CUBE-AI 9", 165.0),
    "kws_ref_model": ("ST X-CUBE-AI 9", 43.2),
    "vww_96_int8": ("ST X-CUBE-AI 9", 88.9),
}
"""The least latency published for MLPerf Tiny's models on a Cortex-M4 at 120 MHz."""
_CODE_LIMIT_BYTES = 8192
"""What firmware may flash beside weights and protocol."""
_CODE_HEAD = """\
## Flash beside the weights ({board})

Kernels, tables (layer parameters and lookup tables), runtime with start-up, and platform
should take at most {limit} bytes. The protocol is listed apart, since a product leaves it out.
Multipliers, shifts and biases of channels count as weights.
"""
_HEAD = """\
# Performance

Written by `make bench-kernels`; do not edit. Every figure is of one inference on a virtual board.
Instructions are counted exactly (QEMU agrees). Cycles are modelled from Arm's published timings,
with memory that never waits. Cores with MVE run in QEMU only, which counts instructions alone:
each vector instruction is one. All outputs equal TensorFlow Lite Micro's byte for byte.
[Kernels](kernels.md) says how the kernels work and what bounds them.

*TFLM* is stock TensorFlow Lite Micro with CMSIS-NN. {how}
Commits: {commits}.
Ratios are ours / TFLM; the last line of each table is the geometric mean.
MACs are the model's without [channels that never matter](simplification.md), which vww_96_int8 has;
in brackets stands what patches recompute. *Per MAC* is per MAC of the former.
"""

_PUBLISHED_HEAD = f"""\
## Closed engines ({_PUBLISHED_CORE})

The best published latency of MLPerf Tiny's models on a Cortex-M4 at {_PUBLISHED_MHZ} MHz,
as cycles. Theirs was measured on silicon, whose flash has wait states. Ours is modelled with memory
that never waits. A ratio near 1 therefore decides nothing.
"""


def performance_page(runs: Sequence[Run], baseline: Baseline) -> str:
    """The page: speed per core and compiler, memory, and where the instructions go."""
    commits = ", ".join(f"{name} {commit[:12]}" for name, commit in baseline["commits"].items())
    parts = [_HEAD.format(how=baseline["how"], commits=commits)]
    for core in dict.fromkeys(run["core"] for run in runs):
        of_core = [run for run in runs if run["core"] == core]
        parts.append(f"## {core}\n\nOn {of_core[0]['board']}.\n")
        parts.append(_speed_table(of_core, baseline["cores"].get(core, {})))
    parts.append(_PUBLISHED_HEAD)
    parts.append(_published_table(runs))
    parts.append("## Compilers\n\nzig / gcc, geometric means over the models.\n")
    parts.append(_compiler_table(runs))
    first = runs[0]
    chosen = [
        r for r in runs if (r["board"], r["toolchain"]) == (first["board"], first["toolchain"])
    ]
    title = f"{first['core']}, {first['toolchain']} {first['compiler']}"
    reference = baseline["cores"].get(first["core"], {})
    parts.append(f"## Memory ({title})\n")
    parts.append(_memory_table(chosen, reference))
    parts.append(_CODE_HEAD.format(board=first["board"], limit=f"{_CODE_LIMIT_BYTES:,}"))
    parts.append(_code_table([run for run in runs if run["board"] == first["board"]]))
    parts.append(
        f"## Operators ({title})\n\nInstructions of all models. MACs"
        " are those that the kernels do, recomputed rows included.\n"
    )
    parts.append(_operator_table(chosen))
    parts.append(f"## Where the instructions go ({title})\n")
    parts.append(
        f"The {_WORST_LAYERS} layers of each model that cost most beyond 0.5 instructions per"
        " MAC, which is what SMLAD alone would take.\n"
    )
    parts += [_layer_table(run) for run in chosen]
    return "\n".join(parts)


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], text_columns: int = 1) -> str:
    """A Markdown table; the first columns are text, the others are aligned as numbers."""
    rule = ["---"] * text_columns + ["--:"] * (len(heads) - text_columns)
    return _row(heads) + _row(rule) + "".join(_row(row) for row in rows)


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean of positive numbers; NaN of none."""
    if not values:
        return math.nan
    return math.exp(sum(math.log(value) for value in values) / len(values))


def _ratio(values: Sequence[float]) -> str:
    return f"**{geometric_mean(values):.3f}**" if values else ""


def macs_text(run: Run) -> str:
    """A model's multiply-accumulates, and apart from them what patches do again."""
    recomputed = run["recomputed_macs"]
    return f"{run['macs']:,}" + (f" ({recomputed:+,})" if recomputed else "")


def _speed_table(runs: Sequence[Run], reference: Mapping[str, Any]) -> str:
    toolchains = list(dict.fromkeys(run["toolchain"] for run in runs))
    modelled = all(run["cycles"] is not None for run in runs)
    heads = ["model", "MACs", "TFLM"]
    for name in toolchains:
        heads += [f"{name}: instructions", "per MAC", "ratio"]
        heads += ["cycles", "per MAC"] if modelled else []
    ratios: dict[str, list[float]] = {name: [] for name in toolchains}
    rows: list[list[object]] = []
    for model in dict.fromkeys(run["model"] for run in runs):
        of_model = {run["toolchain"]: run for run in runs if run["model"] == model}
        first = next(iter(of_model.values()))
        macs = first["macs"]
        known = reference.get(model, {}).get("instructions")
        row: list[object] = [model, macs_text(first), f"{known:,}" if known else ""]
        for name in toolchains:
            run = of_model[name]
            count, cycles = run["instructions"], run["cycles"]
            if known:
                ratios[name].append(count / known)
            ratio = f"{count / known:.3f}" if known else ""
            row += [f"{count:,}", f"{count / macs:.2f}", ratio]
            row += [f"{cycles:,}", f"{cycles / macs:.2f}"] if modelled else []
        rows.append(row)
    last: list[object] = ["geometric mean", "", ""]
    for name in toolchains:
        last += ["", "", _ratio(ratios[name]), *(["", ""] if modelled else [])]
    return table(heads, [*rows, last])


def _published_table(runs: Sequence[Run]) -> str:
    rows = []
    for model, (engine, latency_ms) in _PUBLISHED_MS.items():
        cycles = latency_ms * 1000 * _PUBLISHED_MHZ
        ours = {
            run["toolchain"]: run["cycles"]
            for run in runs
            if run["core"] == _PUBLISHED_CORE and run["model"] == model
        }
        shown = [f"{value:,} ({value / cycles:.2f})" for value in ours.values()]
        rows.append((model, engine, f"{latency_ms:g} ms", f"{cycles:,.0f}", *shown))
    toolchains = dict.fromkeys(r["toolchain"] for r in runs if r["core"] == _PUBLISHED_CORE)
    heads = (
        "model",
        "engine",
        "published",
        "cycles",
        *(f"{t}: cycles (ratio)" for t in toolchains),
    )
    return table(heads, rows, text_columns=2)


def _compiler_table(runs: Sequence[Run]) -> str:
    rows: list[list[object]] = []
    for core in dict.fromkeys(run["core"] for run in runs):
        both = [
            {run["model"]: run for run in runs if (run["core"], run["toolchain"]) == (core, chain)}
            for chain in ("gcc", "zig")
        ]
        pairs = [(one, both[1][model]) for model, one in both[0].items() if model in both[1]]
        if not pairs:
            continue
        kernels = [(a["flash"]["kernels_bytes"], b["flash"]["kernels_bytes"]) for a, b in pairs]
        ratios = [
            [b["instructions"] / a["instructions"] for a, b in pairs],
            [b["cycles"] / a["cycles"] for a, b in pairs if a["cycles"] and b["cycles"]],
            [b / a for a, b in kernels],
        ]
        rows.append([core, *(f"{geometric_mean(v):.3f}" if v else "" for v in ratios)])
    return table(["core", "instructions", "cycles", "kernels' flash"], rows)


def _memory_table(runs: Sequence[Run], reference: Mapping[str, Any]) -> str:
    heads = [
        "model", "arena", "TFLM arena", "ratio", "stack", "weights", "kernels", "runtime",
        "platform", "flash", "TFLM flash", "ratio",
    ]  # fmt: skip
    rows: list[list[object]] = []
    arenas, flashes = [], []
    for run in runs:
        flash, known = run["flash"], reference.get(run["model"], {})
        row: list[object] = [run["model"], f"{run['arena_bytes']:,}"]
        if known:
            arenas.append(run["arena_bytes"] / known["arena_bytes"])
            row += [f"{known['arena_bytes']:,}", f"{arenas[-1]:.3f}"]
        else:
            row += ["", ""]
        row += [f"{run['stack_peak_bytes'] or 0:,}"]
        row += [f"{flash[f'{part}_bytes']:,}" for part in ("weights", "kernels", "runtime")]
        row += [f"{flash['platform_bytes']:,}", f"{flash['total_bytes']:,}"]
        if known:
            linked = known["code_bytes"] + known["model_bytes"]
            flashes.append(flash["total_bytes"] / linked)
            row += [f"{linked:,}", f"{flashes[-1]:.3f}"]
        else:
            row += ["", ""]
        rows.append(row)
    blank: list[object] = [""] * 7
    last = ["geometric mean", "", "", _ratio(arenas), *blank, _ratio(flashes)]
    return table(heads, [*rows, last])


def _code_table(runs: Sequence[Run]) -> str:
    parts = ("kernels", "tables", "runtime", "platform", "total", "protocol")
    rows: list[list[object]] = []
    for run in runs:
        code = run["code"]
        cells = [f"{code[f'{part}_bytes']:,}" for part in parts]
        if code["total_bytes"] > _CODE_LIMIT_BYTES:
            cells[parts.index("total")] += " (over)"
        rows.append([run["model"], run["toolchain"], *cells])
    return table(["model", "compiler", *parts], rows, 2)


def _operator_table(runs: Sequence[Run]) -> str:
    rows = []
    layers = [layer for run in runs for layer in run["layers"]]
    for op, kernel in sorted({(layer["op"], layer["kernel"]) for layer in layers}):
        of_kernel = [r for r in layers if (r["op"], r["kernel"]) == (op, kernel)]
        count = sum(layer["instructions"] for layer in of_kernel)
        macs = sum(layer["macs"] for layer in of_kernel)
        outputs = sum(math.prod(layer["output_shape"]) for layer in of_kernel)
        rows.append(
            [op, kernel, len(of_kernel), f"{count:,}", f"{count / macs:.2f}" if macs else "",
             f"{count / outputs:.1f}"]
        )  # fmt: skip
    heads = ["operator", "kernel", "layers", "instructions", "per MAC", "per output"]
    return table(heads, rows, 2)


def _layer_table(run: Run) -> str:
    total = sum(layer["instructions"] for layer in run["layers"])
    numbered = list(enumerate(run["layers"]))
    numbered.sort(key=lambda item: item[1]["macs"] // 2 - item[1]["instructions"])
    rows = [
        [
            index, layer["op"], layer["kernel"], "x".join(map(str, layer["output_shape"])),
            f"{layer['macs']:,}" if layer["macs"] else "", f"{layer['instructions']:,}",
            f"{layer['instructions'] / layer['macs']:.2f}" if layer["macs"] else "",
            f"{layer['instructions'] / total:.1%}",
        ]
        for index, layer in numbered[:_WORST_LAYERS]
    ]  # fmt: skip
    heads = ["#", "operator", "kernel", "output", "MACs", "instructions", "per MAC", "share"]
    return f"### {run['model']}\n\n" + table(heads, rows, 4)
