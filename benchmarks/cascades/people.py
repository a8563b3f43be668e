"""A person stage before a detector of people, on real pictures of COCO128.

The person stage is MLPerf Tiny's, as published; its gate lets the detector look at a larger picture
of the same. Behind a camera that does not move, the person stage itself runs on a change.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import tinycompress
from benchmarks.cascades import people_detector
from benchmarks.cascades.building import Sizes, built, ran
from benchmarks.cascades.coco128 import Picture, frames, pictures_of, resized
from benchmarks.results.samples import Floats, shared_file
from tinycompress import _files, _tf
from tinycompress.artifacts import BenchResult, TensorSpec
from tinycompress.ir.quantize import dequantize
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import output_specs

PERSON, PEOPLE = "person", "people"
AT_LEAST, CHANGED_BY = 0.3, 0.03
SCENES, FRAMES_OF_SCENE, NOISE_STEPS = 16, 8, 2.0
OVERLAPS = (0.5, 0.25)
"""Of a box that is right, with the person's."""
_PERSON_PIXELS = 96


@dataclass(frozen=True, eq=False)
class Stream:
    """Pictures one after the other, as both models take them, and what is on them."""

    name: str
    pictures: Sequence[Picture]
    thumbnails: Floats
    large: Floats


def streams(pictures: Sequence[Picture]) -> list[Stream]:
    """Every picture; all without a person and few with one; frames of some, which come last."""
    draw = np.random.default_rng(0)
    some = [one for one in pictures if one.person]
    none = [one for one in pictures if not one.person]
    rare = [*none, *(some[index] for index in draw.choice(len(some), len(none) // 9))]
    shuffled = [rare[index] for index in draw.permutation(len(rare))]
    scenes = [pictures[index] for index in draw.choice(len(pictures), SCENES, replace=False)]
    found = [
        Stream(name, chosen, *(resized(chosen, size) for size in _SIZES))
        for name, chosen in (
            ("all pictures", pictures), ("a person on 1 of 10", shuffled),
        )
    ]  # fmt: skip
    held = [one for one in scenes for _ in range(FRAMES_OF_SCENE)]
    seen = (frames(scenes, size, FRAMES_OF_SCENE, NOISE_STEPS) for size in _SIZES)
    return [*found, Stream("a still camera", held, *seen)]


_SIZES = (_PERSON_PIXELS, people_detector.SIZE)


def measure(scratch: Path) -> dict[str, Any]:
    """Train, build and run everything; plain values.

    Raises:
        ConfigError: The pictures are not there.
    """
    tested = pictures_of("val2017")
    _tf.make_deterministic(0, threads=1)
    large = people_detector.trained(pictures_of("train2017"), scratch / f"{PEOPLE}.tflite")
    person = scratch / f"{PERSON}.tflite"
    person.write_bytes(shared_file("models/mlperf_tiny/vww_96_int8.tflite").read_bytes())
    sizes: dict[str, Sizes] = {PERSON: built(person, scratch)[1]}
    alone, sizes[PEOPLE] = built(large, scratch)
    both = f"{PERSON}, {PEOPLE}"
    gated, sizes[both] = built(_cascade_file(scratch, changed=False), scratch)
    on_change, sizes[f"{both}, if changed"] = built(_cascade_file(scratch, changed=True), scratch)
    runs = []
    for stream in streams(tested):
        always = _alone(alone, large, stream, scratch)
        last = stream.name == "a still camera"
        for changed, project in ((False, gated), (True, on_change))[: 1 + last]:
            found = _together(project, large, stream, scratch)
            runs.append({"changed": changed, "stream": stream.name, **found, **always})
            print(runs[-1], flush=True)
    return {"runs": runs, "sizes": sizes}


def _cascade_file(scratch: Path, *, changed: bool) -> Path:
    """The file; ``changed``: the person stage runs on a change, and what was found stays."""
    gate = f"[stage.gate]\nchanged_by = {CHANGED_BY}\n" if changed else ""
    otherwise = 'otherwise = "last"\n' if changed else ""
    path = scratch / f"{PERSON}-first{'-changed' * changed}.toml"
    _files.write_text(
        path,
        f'schema = 1\n\n[[stage]]\nname = "{PERSON}"\nmodel = "{PERSON}.tflite"\n'
        f'inputs = ["thumbnail"]\n{gate}\n[[stage]]\nname = "{PEOPLE}"\n'
        f'model = "{PEOPLE}.tflite"\ninputs = ["picture"]\n'
        f"{otherwise}\n[stage.gate]\nclasses = [1]\nat_least = {AT_LEAST}\n",
    )
    return path


def _alone(project: Path, file: Path, stream: Stream, scratch: Path) -> dict[str, Any]:
    """The detector on every picture of a stream."""
    labels = people_detector.labels(stream.pictures, _specs(file))
    result = _bench(project, scratch, {"x": stream.large}, *labels)
    assert result.latency_us is not None, "the virtual board models time"
    return {
        "alone_us": result.latency_us.median, "unlike_oracle_alone": result.mismatched_samples,
        "precision_alone": _precision(stream, result, file, 0),
    }  # fmt: skip


def _together(project: Path, file: Path, stream: Stream, scratch: Path) -> dict[str, Any]:
    """A cascade on every picture of a stream."""
    there = np.array([one.person for one in stream.pictures], np.int64)
    labels = people_detector.labels(stream.pictures, _specs(file))
    inputs = {"thumbnail": stream.thumbnails, "picture": stream.large}
    result = _bench(project, scratch, inputs, there, *labels)
    assert result.cascade is not None, "the project is a cascade"
    with np.load(io.BytesIO(result.kept_samples)) as kept:
        (spec,) = _specs(scratch / f"{PERSON}.tflite")
        scores = dequantize(kept["said_0"].reshape(len(there), -1), spec)
    right = scores.argmax(axis=1) == there
    return {
        "pictures": len(there), "with_a_person": int(there.sum()), **ran(result),
        "person_ran": result.cascade.stages[0].ran, "person_right": float(right.mean()),
        "precision": _precision(stream, result, file, 1, scores[:, 1] >= AT_LEAST),
    }  # fmt: skip


def _bench(
    project: Path, scratch: Path, inputs: dict[str, Floats], *labels: npt.NDArray[Any]
) -> BenchResult:
    """Run pictures, with labels of the outputs: the answers are kept then."""
    samples = scratch / "pictures.npz"
    named: dict[str, Any] = {f"y{number}": label for number, label in enumerate(labels)}
    named |= inputs
    np.savez(samples, **named)
    return tinycompress.bench(project, samples=samples, runs=1)


def _precision(
    stream: Stream,
    result: BenchResult,
    file: Path,
    first: int,
    shown: npt.NDArray[np.bool_] | None = None,
) -> list[float]:
    """Average precision of the boxes that the device said, for each of `OVERLAPS`.

    ``first`` is the number of the detector's first output. Boxes count on pictures that are
    ``shown`` to have a person: what stays of an earlier picture counts only there.
    """
    specs = _specs(file)
    with np.load(io.BytesIO(result.kept_samples)) as kept:
        said = [dequantize(kept[f"said_{n}"], spec) for n, spec in enumerate(specs, first)]
    scores, boxes = sorted(said, key=lambda one: one.size)
    if shown is not None:
        scores = np.where(shown.reshape(-1, *[1] * (scores.ndim - 1)), scores, np.float32(0))
    return [people_detector.score(stream.pictures, boxes, scores, each) for each in OVERLAPS]


def _specs(file: Path) -> tuple[TensorSpec, ...]:
    return output_specs(read_model(file.read_bytes()).main)
