"""A bundle of `bench`, or a directory of `build`, as a subject of a report."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tinycompress._sealed import seal_problem
from tinycompress.artifacts import ArenaPlan, PlannedBuffer
from tinycompress.boards import load_board
from tinycompress.errors import ConfigError, TinyCompressError
from tinycompress.measurement.enclosed import details, kept_samples
from tinycompress.measurement.enclosed.details import board_json
from tinycompress.measurement.reading import ReadResult, read_object
from tinycompress.reporting.charts.arena_plan import live_bytes
from tinycompress.reporting.subjects import (
    BoardFacts,
    ClassScore,
    Exactness,
    LayerRow,
    MemoryUse,
    OutputScore,
    Part,
    Provenance,
    Spread,
    Subject,
)
from tinycompress.reporting.words import machine_word
from tinycompress.reporting.worst import class_name, worst_of_outputs

_FLASH_PARTS = (
    ("weights_bytes", "weights", "weights, biases, tables"),
    ("kernels_bytes", "kernels", "code of the operators"),
    ("runtime_bytes", "runtime", "protocol, measuring, libraries"),
    ("platform_bytes", "platform", "start-up, board"),
)
_ORACLES = {"tflm": "TensorFlow Lite Micro", "litert": "LiteRT reference kernels"}


def subject_of(found: ReadResult) -> Subject:
    """What is shown of a benchmark, or of firmware that was only built.

    Raises:
        ConfigError: What lies beside the figures was cut or edited.
        KeyError: A figure is missing; also AttributeError, TypeError, ValueError.
    """
    beside = _beside(found)
    data = found.data
    board = _board(data["board"], beside.get("board"))
    latency = data.get("latency", {})
    plan = _plan(beside.get("plan"))
    scores = _scores(data)
    model = beside.get("model_name") or found.path.resolve().name
    arena_bytes = beside.get("arena_bytes") if plan is not None else None
    return Subject(
        kind="bench" if found.kind == "bench" else "build",
        path=str(found.path),
        label=f"{model} on {board.name}",
        model=model,
        board=board,
        model_sha256=found.model_sha256,
        machine=data.get("machine", ""),
        engine=data["engine"],
        runs=data.get("runs", 0),
        memories=(_flash(data["flash"], board), _ram(data["ram"], board)),
        fits=data.get("fits"),
        latency_us=_spread(latency.get("us")),
        latency_budget_us=latency.get("budget_us"),
        cycles=_spread(latency.get("cycles")),
        instructions=_spread(latency.get("instructions")),
        macs=data["macs"],
        recomputed_macs=data["recomputed_macs"],
        layers=_layers(data["layers"], beside.get("layers", ()), plan),
        plan=plan,
        arena_bytes=arena_bytes,
        exactness=_exactness(data.get("exact")),
        scores=tuple(scores.values()),
        worst=worst_of_outputs(found.path / kept_samples.FILE, scores),
        notes=tuple(data.get("notes", ())),
        provenance=_provenance(found, beside),
    )


def _beside(found: ReadResult) -> Mapping[str, Any]:
    """What people want to know beside figures: of a bundle a file, of a project its own."""
    if found.kind == "build":
        table = found.manifest
        return {**table, "commands": [table["command"]] if table.get("command") else []}
    path = found.path / details.FILE
    if not path.is_file():
        return {}
    table = read_object(path)
    if (
        table.get("schema") != details.SCHEMA
        or table.get("schema_version") != details.SCHEMA_VERSION
    ):
        raise ConfigError(
            f"{path} is of the schema {table.get('schema')!r}, version "
            f"{table.get('schema_version')!r}, not {details.SCHEMA!r}, version "
            f"{details.SCHEMA_VERSION}",
            hint="measure again: tinycompress bench DIR -o BUNDLE",
        )
    problem = seal_problem(table)
    if problem is not None:
        raise ConfigError(f"{path} {problem}", hint="make the result again")
    return table


def _board(board_id: str, told: Any) -> BoardFacts:
    if isinstance(told, Mapping):
        return BoardFacts(**told)
    return known_board(board_id)


def known_board(board_id: str) -> BoardFacts:
    """A board by its id; of one whose file is not at hand nothing but that."""
    try:
        return BoardFacts(**board_json(load_board(board_id)))
    except TinyCompressError:
        # A board file of the user's own, which is not at hand.
        return BoardFacts(board_id, board_id)


def _flash(flash: Mapping[str, int], board: BoardFacts) -> MemoryUse:
    parts = tuple(Part(name, flash[key], detail) for key, name, detail in _FLASH_PARTS)
    return MemoryUse("flash", parts, board.flash_bytes)


def _ram(ram: Mapping[str, Any], board: BoardFacts) -> MemoryUse:
    used, reserved = ram.get("stack_peak_bytes"), ram["stack_reserved_bytes"]
    stack = [Part("stack", reserved, "set aside by the linker", spare=True)]
    if used is not None:
        stack = [
            Part("stack, used", min(used, reserved), "high-water mark"),
            Part("stack, spare", max(reserved - used, 0), "set aside, not used", spare=True),
        ]
    return MemoryUse(
        "RAM",
        (
            Part("arena", ram["arena_bytes"], "activations, input and output"),
            Part("static", ram["static_bytes"], "all other variables"),
            *stack,
        ),
        board.ram_bytes,
    )


def _spread(told: Any) -> Spread | None:
    if told is None:
        return None
    return Spread(told["median"], told["min"], told["max"], told["obtained"])


def _layers(
    layers: Sequence[Mapping[str, Any]],
    beside: Sequence[Mapping[str, Any]],
    plan: ArenaPlan | None,
) -> tuple[LayerRow, ...]:
    more: Sequence[Mapping[str, Any]] = beside if len(beside) == len(layers) else [{}] * len(layers)
    return tuple(
        LayerRow(
            name=one["name"],
            op=one["op"],
            macs=one["macs"],
            instructions=one.get("instructions"),
            cycles=one.get("cycles"),
            constants_bytes=extra.get("constants_bytes"),
            live_bytes=None if plan is None else live_bytes(plan, number),
            output=extra.get("output", ""),
        )
        for number, (one, extra) in enumerate(zip(layers, more, strict=True))
    )


def _plan(told: Any) -> ArenaPlan | None:
    if not told or not told["buffers"]:
        return None
    buffers = tuple(PlannedBuffer(**buffer) for buffer in told["buffers"])
    return ArenaPlan(told["peak_layer"], told["lower_bound_bytes"], buffers)


def _exactness(told: Any) -> Exactness | None:
    if told is None:
        return None
    oracle = _ORACLES.get(told["exact_to"], told["exact_to"])
    return Exactness(
        oracle, told["samples"], told["mismatched_samples"], told["not_compared"],
        told.get("allowed_ulps", 0),
    )  # fmt: skip


def _scores(data: Mapping[str, Any]) -> dict[int, OutputScore]:
    """Quality of the outputs by their places."""
    return {one["index"]: _score(one) for one in data.get("quality", ())}


def _score(told: Mapping[str, Any]) -> OutputScore:
    names = tuple(told["class_names"] or ())
    return OutputScore(
        name=told["output"],
        device=told["score"],
        host=told["host_score"],
        measure=told["score_name"],
        kind=told["kind"],
        confusion=tuple(tuple(row) for row in told["confusion"] or ()),
        class_names=names,
        per_class=tuple(
            ClassScore(
                class_name(names, number), one["samples"], one["precision"], one["recall"],
                one["f1"],
            )
            for number, one in enumerate(told["per_class"])
        ),
        mean_absolute_error=told["mean_absolute_error"],
    )  # fmt: skip


def _provenance(found: ReadResult, beside: Mapping[str, Any]) -> Provenance:
    data = found.data
    manifest = found.manifest if found.kind == "bench" else {}
    compiler = manifest.get("compiler") or data.get("toolchain") or {}
    named = compiler if isinstance(compiler, Mapping) else {"name": compiler}
    hashes = [
        ("model (.tflite), SHA-256", found.model_sha256),
        ("firmware (ELF), SHA-256", data.get("elf_sha256")),
        ("build id", data.get("build_id")),
        ("samples, SHA-256", data.get("samples_sha256")),
        ("result, SHA-256", data.get("content_sha256")),
    ]
    versions = manifest.get("versions") or {}
    return Provenance(
        figures=_how_got(data),
        versions={name: str(version or "not installed") for name, version in versions.items()},
        hashes=tuple((name, value) for name, value in hashes if value),
        commands=tuple(shlex.join(map(str, words)) for words in beside.get("commands", ())),
        compiler=f"{named.get('name', '')} {named.get('version', '')}".strip(),
        flags=tuple(named.get("flags", ())),
    )


def _how_got(data: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    latency, word = data.get("latency", {}), machine_word(data.get("machine", ""))
    by_qemu = latency.get("instructions") and not latency.get("cycles")
    counted = "counted by QEMU, to one timer tick" if by_qemu else "counted by the emulator, exact"
    by_emulator = {
        "instructions": counted,
        "cycles": "modelled by the emulator",
        "us": "cycles that the emulator models, at the board's clock",
    }
    rows = [
        (name, told["obtained"], _by_what(told["obtained"], by_emulator[key]))
        for key, name in (("us", "latency"), ("cycles", "cycles"), ("instructions", "instructions"))
        if (told := latency.get(key))
    ]
    if rows and any(layer.get("cycles") or layer.get("instructions") for layer in data["layers"]):
        rows.append(("figures of layers", rows[0][1], "as of the whole, in one profiled run"))
    rows.append(("flash; RAM: arena, static, stack set aside", "measured", "in the linked ELF"))
    if data["ram"].get("stack_peak_bytes") is not None:
        stack = (
            machine_word(data.get("machine", "")),
            "high-water mark of a painted stack, after the runs",
        )
        rows.append(("RAM: stack used", *stack))
    rows.append(("MACs, memory plan", "computed", "from the model, by the code generator"))
    if data.get("exact"):
        oracle = "output bytes of the device beside those of the oracle"
        rows.append(("exactness", word, oracle))
    if data.get("quality"):
        rows.append(
            (
                "quality of outputs",
                machine_word(data.get("machine", "")),
                "what the device answered, beside labels",
            )
        )
    return tuple(rows)


def _by_what(obtained: str, by_emulator: str) -> str:
    words = {"emulated": by_emulator, "measured": "by the board's tick counter"}
    return words.get(obtained, "by the device's tick counter")
