"""What a report shows of one result: facts of it alone, ready to be drawn, nothing yet in words.

Names are as files have them; whoever shows one cleans it (`words.clean`) and escapes it. What a
figure may be is said by its type, and held against what was read (`reading`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from tinycompress.artifacts import ArenaPlan
from tinycompress.reporting.words import share

Natural = Annotated[int, Field(ge=0)]
"""A whole number that cannot be below zero: bytes, samples, MACs."""
Figure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""The same for times and other numbers that need not be whole."""

SubjectKind = Literal["bench", "build", "compress", "fit"]


@dataclass(frozen=True)
class BoardFacts:
    """A board as a report tells it; what its file no longer tells is None."""

    id: str
    name: str
    core: str = ""
    clock_hz: Figure | None = None
    flash_bytes: Natural | None = None
    ram_bytes: Natural | None = None


@dataclass(frozen=True)
class Part:
    """Bytes of a memory and what fills them; ``spare`` ones are set aside and were not used."""

    name: str
    size_bytes: Natural
    detail: str = ""
    spare: bool = False


@dataclass(frozen=True)
class MemoryUse:
    """What fills one memory of the board; ``capacity_bytes`` is None where that is not known."""

    name: Literal["flash", "RAM"]
    parts: tuple[Part, ...]
    capacity_bytes: Natural | None

    @property
    def total_bytes(self) -> int:
        """All parts."""
        return sum(part.size_bytes for part in self.parts)

    @property
    def fits(self) -> bool | None:
        """Whether it is within the board's; None where that is not known."""
        return None if self.capacity_bytes is None else self.total_bytes <= self.capacity_bytes


@dataclass(frozen=True)
class Spread:
    """Median, minimum and maximum of a figure, and how it was got."""

    median: Figure
    min: Figure
    max: Figure
    obtained: str


@dataclass(frozen=True)
class LayerRow:
    """One layer: what it costs, and how far its int8 output is from the float model's.

    ``snr_db`` is None where there is no float reference; ``snr_equal`` where nothing differs.
    ``output`` is the tensor's name in the model file, empty where that is not known.
    """

    name: str
    op: str
    macs: Natural
    instructions: Natural | None = None
    cycles: Natural | None = None
    constants_bytes: Natural | None = None
    live_bytes: Natural | None = None
    output: str = ""
    snr_db: float | None = None
    snr_equal: bool = False


@dataclass(frozen=True)
class Exactness:
    """How many samples the device answered unlike the oracle: other bytes, or floats too far."""

    oracle: str
    samples: Natural
    mismatched: Natural | None
    not_compared: str | None = None
    allowed_ulps: Natural = 0


@dataclass(frozen=True)
class ClassScore:
    """How well one class or label is told; ``samples`` are of it."""

    name: str
    samples: Natural
    precision: float | None
    recall: float | None
    f1: Figure


@dataclass(frozen=True)
class OutputScore:
    """How good one output is: on the device, and of the same model on the host.

    ``measure`` names the score, which is a share where ``is_share``.
    """

    name: str
    device: float | None
    host: float | None
    measure: str = "accuracy"
    kind: str = "classes"
    confusion: tuple[tuple[Natural, ...], ...] = ()
    class_names: tuple[str, ...] = ()
    per_class: tuple[ClassScore, ...] = ()
    mean_absolute_error: float | None = None

    @property
    def is_share(self) -> bool:
        """Whether the score is one of all samples, told in per cent."""
        return self.kind == "classes"


@dataclass(frozen=True)
class WorstSample:
    """A sample that was answered wrong, or right with little to spare, in words.

    ``wrong`` is None where there is no right or wrong. ``picture`` is a PNG of the input where that
    is an image, empty elsewhere.
    """

    index: int
    wrong: bool | None
    said: str
    detail: str
    picture: bytes = b""


@dataclass(frozen=True)
class WorstOfOutput:
    """The worst samples of one output, and in a sentence how many there are of how many."""

    output: str
    told: str
    worst: tuple[WorstSample, ...]


@dataclass(frozen=True)
class Agreement:
    """An int8 model beside its float model, by ``inspect --compare``.

    ``int8_sha256`` is of the int8 model's file, empty where an earlier version compared.
    """

    float_model: str
    samples: Natural
    least_db: float
    first_diverging: str | None
    layers: tuple[LayerRow, ...]
    int8_sha256: str = ""


@dataclass(frozen=True)
class StageRow:
    """One stage of a compression; figures of the device are None where none was measured.

    ``ram_bytes`` is with the stack as far as it was used, ``ram_reserved_bytes`` with all of it.
    Rates say how many times less it takes than before the first stage: of the parameters those that
    are not zero, of float32 parameters the weights in flash, of the plain integer file the flash
    and the cycles.
    ``measure`` names the score that ``accuracy`` and ``float_accuracy`` are, of several outputs the
    mean; it counts samples where ``is_share``.
    """

    name: str
    accuracy: float
    float_accuracy: float
    tflite_bytes: Natural
    flash_bytes: Natural | None
    latency_us: Figure | None
    fits: bool
    ram_bytes: Natural | None = None
    ram_reserved_bytes: Natural | None = None
    parameter_rate: Figure | None = None
    float32_rate: Figure | None = None
    flash_rate: Figure | None = None
    speed_up: Figure | None = None
    measure: str = "accuracy"
    is_share: bool = True

    def score(self, value: float) -> str:
        """A score of this stage in words."""
        return score_text(value, is_share=self.is_share)


def score_text(value: float | None, *, is_share: bool) -> str:
    """A share in per cent, other scores as they are."""
    if value is None:
        return "–"
    return share(value, 2) if is_share else f"{value:.4f}"


@dataclass(frozen=True)
class Candidate:
    """One model that a search measured; no other is better than a ``chosen`` one in every aim."""

    name: str
    accuracy: float
    flash_bytes: Figure | None
    ram_bytes: Figure | None
    latency_us: Figure | None
    chosen: bool
    best: bool = False


@dataclass(frozen=True)
class Provenance:
    """Where figures come from.

    ``figures`` have a figure, how it was got in one word (measured, emulated, estimated, computed,
    unknown), and in a few; ``hashes`` pairs a thing with its SHA-256 or id; ``commands`` are those
    that make it again.
    """

    figures: tuple[tuple[str, str, str], ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    hashes: tuple[tuple[str, str], ...] = ()
    commands: tuple[str, ...] = ()
    compiler: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """One result of one command.

    ``label`` tells it from the others of a report; ``headline`` is the model. Parts that its
    command does not know are empty or None.
    """

    kind: SubjectKind
    path: str
    label: str
    model: str
    board: BoardFacts | None
    model_sha256: str | None = None
    machine: str = ""
    engine: str = ""
    runs: Natural = 0
    memories: tuple[MemoryUse, ...] = ()
    fits: bool | None = None
    latency_us: Spread | None = None
    latency_budget_us: Figure | None = None
    cycles: Spread | None = None
    instructions: Spread | None = None
    macs: Natural | None = None
    recomputed_macs: int = 0
    layers: tuple[LayerRow, ...] = ()
    plan: ArenaPlan | None = None
    arena_bytes: Natural | None = None
    exactness: Exactness | None = None
    scores: tuple[OutputScore, ...] = ()
    worst: tuple[WorstOfOutput, ...] = ()
    agreement: Agreement | None = None
    stages: tuple[StageRow, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Provenance = Provenance()

    @property
    def best(self) -> Candidate | None:
        """The candidate that a search takes; None of other results, or where none is good."""
        return next((one for one in self.candidates if one.best), None)

    @property
    def fits_board(self) -> bool | None:
        """Whether it fits, as told, or as its memories say; None where neither is known."""
        if self.fits is not None or not self.memories:
            return self.fits
        known = [memory.fits for memory in self.memories]
        return None if None in known else all(known)
