"""The sections of a report: for each result what is drawn, or a sentence on what is not there."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tinycompress.reporting.charts.agreement import agreement_bars
from tinycompress.reporting.charts.arena_plan import arena_plan
from tinycompress.reporting.charts.canvas import Drawing, Table
from tinycompress.reporting.charts.confusion import confused_pairs, confusion_matrix
from tinycompress.reporting.charts.fit_bars import fit_bars
from tinycompress.reporting.charts.layer_bars import MOST_LAYERS, by_operator, costs, layer_bars
from tinycompress.reporting.charts.stages import candidate_cloud, stage_curve
from tinycompress.reporting.subjects import OutputScore, Subject, WorstOfOutput, WorstSample
from tinycompress.reporting.words import clean, count, share, short_name, size


@dataclass(frozen=True)
class Picture:
    """One sample; ``source`` is a data URI, empty without a picture."""

    sample: WorstSample
    source: str


@dataclass(frozen=True)
class Gallery:
    """The worst samples of one output."""

    worst: WorstOfOutput
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Panel:
    """One result within a section.

    ``absent`` says, where there is nothing to show, why, and how to get it.
    """

    label: str
    drawings: tuple[Drawing, ...] = ()
    lines: tuple[str, ...] = ()
    absent: str = ""
    command: str = ""
    galleries: tuple[Gallery, ...] = ()
    pairs: tuple[tuple[str, str, int], ...] = ()
    tables: tuple[tuple[str, Table], ...] = ()


@dataclass(frozen=True)
class Section:
    """One section over all results."""

    id: str
    title: str
    lead: str
    panels: tuple[Panel, ...]


def _memory(name: str, subject: Subject) -> Panel:
    drawn = [fit_bars(f"{name}-{memory.name.lower()}", memory) for memory in subject.memories]
    return Panel(subject.label, tuple(drawn))


def _time(name: str, subject: Subject) -> Panel:
    _, values = costs(subject.layers)
    if all(value is None for value in values):
        return Panel(
            subject.label,
            absent="Nothing here tells what single layers cost: the firmware was built, not run.",
            command="tinycompress bench DIR -o BUNDLE",
        )
    drawn = [by_operator(f"{name}-ops", subject.layers), layer_bars(f"{name}-all", subject.layers)]
    lines = []
    if subject.recomputed_macs:
        lines.append(f"{count(subject.recomputed_macs)} MACs are done twice, in patches.")
    if len(subject.layers) > MOST_LAYERS:
        lines.append(f"The {MOST_LAYERS - 1} dearest of {len(subject.layers)} layers have bars.")
    return Panel(subject.label, tuple(one for one in drawn if one is not None), tuple(lines))


def _plan(name: str, subject: Subject) -> Panel:
    plan = subject.plan
    if plan is None or subject.arena_bytes is None:
        why = (
            "TensorFlow Lite Micro plans its arena at run time; nobody here knows that plan."
            if subject.engine == "tflm"
            else "The result does not hold the plan; a bundle of bench -o and a build directory do."
        )
        return Panel(subject.label, absent=why)
    peak = subject.layers[plan.peak_layer]
    lines = [
        f"Peak: layer {plan.peak_layer}, {short_name(peak.name)}, with {size(peak.live_bytes)} in "
        f"use of {size(subject.arena_bytes)}."
    ]
    lines.append(_bound(plan.lower_bound_bytes, subject.arena_bytes))
    names = [layer.name for layer in subject.layers]
    return Panel(subject.label, (arena_plan(name, plan, names, subject.arena_bytes),), tuple(lines))


def _bound(bound: int, arena: int) -> str:
    if arena <= bound:
        return "No plan of these layers in this order is smaller."
    return f"No plan of these layers in this order is below {size(bound)}."


def _stages(name: str, subject: Subject) -> Panel:
    measured = any(stage.flash_bytes is not None for stage in subject.stages)
    lines = () if measured else (
        "No board was named: flash and latency of the stages were not measured.",
    )  # fmt: skip
    return Panel(subject.label, (stage_curve(name, subject.stages),), lines)


def _search(name: str, subject: Subject) -> Panel:
    return Panel(subject.label, (candidate_cloud(name, subject.candidates),))


def _accuracy(name: str, subject: Subject) -> Panel:
    if not subject.scores:
        return Panel(
            subject.label,
            absent="No labels were given, so nothing is known of accuracy.",
            command="tinycompress bench DIR --samples TEST.npz -o BUNDLE",
        )
    drawn: list[Drawing] = []
    pairs: list[tuple[str, str, int]] = []
    tables, lines = [], []
    for number, score in enumerate(subject.scores):
        of = f" of {clean(score.name)}" if len(subject.scores) > 1 else ""
        matrix = confusion_matrix(f"{name}-{number}", score.confusion, score.class_names)
        if matrix is not None:
            drawn.append(matrix)
        elif score.confusion:
            lines.append(f"{len(score.confusion)} classes{of} are too many for a matrix.")
        if (score.confusion and matrix is None) or len(score.confusion) > 2:
            pairs += confused_pairs(score.confusion, score.class_names)
        if score.per_class:
            tables.append((f"Class by class{of}", _per_class(score)))
        if score.mean_absolute_error is not None:
            lines.append(f"Mean absolute error{of}: {score.mean_absolute_error:.4g}.")
    return Panel(
        subject.label, tuple(drawn), tuple(lines),
        galleries=tuple(_gallery(worst) for worst in subject.worst), pairs=tuple(pairs),
        tables=tuple(tables),
    )  # fmt: skip


def _per_class(score: OutputScore) -> Table:
    rows = tuple(
        (one.name, f"{one.samples:,}", share(one.precision), share(one.recall), f"{one.f1:.3f}")
        for one in score.per_class
    )
    return Table((score.kind.removesuffix("es"), "samples", "precision", "recall", "F1"), rows)


def _gallery(worst: WorstOfOutput) -> Gallery:
    return Gallery(
        worst, tuple(Picture(sample, _data_uri(sample.picture)) for sample in worst.worst)
    )


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else ""


def _comparing(subject: Subject) -> str:
    """What compares the model of a result with its float model, as far as paths are known."""
    files = {
        "compress": (f"{subject.path}/result/model.tflite", f"{subject.path}/result/model.keras"),
        "build": (f"{subject.path}/model.tflite", "FLOAT.keras"),
    }
    int8, float_model = files.get(subject.kind, ("model.tflite", "FLOAT.keras"))
    return f"tinycompress inspect {int8} --compare {float_model} --data X.npz --json > errors.json"


def _error(name: str, subject: Subject) -> Panel:
    if subject.agreement is None:
        return Panel(
            subject.label,
            absent="No float model was compared. This compares one, and --errors takes the file:",
            command=_comparing(subject),
        )
    first = subject.agreement.first_diverging
    lines = (
        f"Compared with {clean(subject.agreement.float_model)} on at most "
        f"{subject.agreement.samples} samples.",
        f"The first layer that diverges is {short_name(first)}." if first else
        f"No layer falls below {subject.agreement.least_db:g} dB.",
    )  # fmt: skip
    return Panel(subject.label, (agreement_bars(name, subject.agreement),), lines)


@dataclass(frozen=True)
class _Kind:
    """A section: its title, what it shows, how, and of which results."""

    id: str
    title: str
    lead: str
    panel: Callable[[str, Subject], Panel]
    wanted: Callable[[Subject], bool]


_KINDS = (
    _Kind(
        "memory", "Flash and RAM", "What the firmware takes of the board, and what fills it.",
        _memory, lambda subject: bool(subject.memories),
    ),
    _Kind(
        "time", "Where the time goes", "One inference, layer by layer.",
        _time, lambda subject: bool(subject.layers),
    ),
    _Kind(
        "plan", "Memory plan",
        "Each rectangle is a buffer of the arena: as wide as the layers that need it, as high as"
        " its bytes. Where two overlap, a layer writes over what it has read.",
        _plan, lambda subject: bool(subject.layers),
    ),
    _Kind(
        "stages", "Compression, stage by stage",
        "What each stage did to accuracy, flash and latency.",
        _stages, lambda subject: bool(subject.stages),
    ),
    _Kind(
        "search", "Candidates of the search",
        "Accuracy over cost. Of the Pareto front, no other candidate is better in every aim.",
        _search, lambda subject: bool(subject.candidates),
    ),
    _Kind(
        "accuracy", "Accuracy", "What the device answered, beside the labels.",
        _accuracy, lambda subject: subject.kind == "bench",
    ),
    _Kind(
        "error", "Error from float to integers",
        "How far each layer's output is from that of the float model: signal over noise, more is"
        " better.",
        _error, lambda subject: bool(subject.layers or subject.kind == "compress"),
    ),
)  # fmt: skip


def sections(subjects: Sequence[Subject]) -> tuple[Section, ...]:
    """All sections that some result has something to say in, each with a panel for each of them."""
    found = (
        Section(
            kind.id, kind.title, kind.lead,
            tuple(
                kind.panel(f"{kind.id}-{number}", subject)
                for number, subject in enumerate(subjects)
                if kind.wanted(subject)
            ),
        )
        for kind in _KINDS
    )  # fmt: skip
    return tuple(section for section in found if section.panels)
