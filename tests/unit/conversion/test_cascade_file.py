"""Cascade files: what they say, and what is refused before anything is built."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.models.cascades import CASCADES, cascade, scores
from support.models.stateful_models import stateful_model

import tinycompress
from tinycompress.conversion.joining.cascade_file import read_cascade
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.cascade.models import stage_model
from tinycompress.ir.cascade.stages import Gate, read_stages, stages_text
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import keeps_state
from tinycompress.ir.tflite_objects import packed, unpacked
from tinycompress.oracle import open_oracle

SMALL = '[[stage]]\nname = "small"\nmodel = "small.tflite"\n'
LARGE = '[[stage]]\nname = "large"\nmodel = "large.tflite"\n'
GATE = "[stage.gate]\n"
AT_LEAST = GATE + "classes = [1]\nat_least = 0.7\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    models = {
        "small": scores(1), "large": scores(2, hidden=8), "wide": scores(3, values=9),
        "coarse": scores(3, scale=0.2), "fine": scores(3, scale=0.1 * (1 + 1e-6)),
        "int16": scores(3, dtype="INT16"), "kept": stateful_model("variables"),
        "cascade": cascade("class"),
    }  # fmt: skip
    for name, tflite in models.items():
        (tmp_path / f"{name}.tflite").write_bytes(tflite)
    (tmp_path / "damaged.tflite").write_bytes(scores(1)[:200])
    return tmp_path


def read(directory: Path, text: str) -> Model:
    file = directory / "cascade.toml"
    file.write_text(f"schema = 1\n{text}")
    return read_model(read_cascade(file))


def test_limits_become_integers(directory: Path) -> None:
    found = read(directory, SMALL + LARGE + "otherwise = 2\n" + AT_LEAST)
    # Scale 0.1, zero point -5: 0.7 is 7 steps.
    assert found.stages[1].gate == Gate("class", 0, 2, (1,))
    assert found.stages[1].otherwise == 2
    assert [stage.inputs for stage in found.stages] == [(0,), (0,)]
    unsure = read(directory, SMALL + LARGE + GATE + "unsure_below = 0.65\n").stages[1]
    assert unsure.gate == Gate("unsure", 0, 2)
    changed = read(directory, LARGE + GATE + "changed_by = 0.25\n").stages[0]
    assert (changed.gate, changed.otherwise) == (Gate("change", 0, 30), "last")


def test_a_stage_may_be_a_chain(directory: Path) -> None:
    text = '[[stage]]\nname = "both"\nmodel = ["small.tflite", "small.tflite"]\n'
    with pytest.raises(ModelError, match="stage 'both': 'dense4' of the front end"):
        read(directory, text)


def test_names_of_inputs_decide_what_is_shared(directory: Path) -> None:
    wide = '[[stage]]\nname = "wide"\nmodel = "wide.tflite"\n'
    found = read(directory, SMALL + wide + 'inputs = ["other"]\n')
    names = [found.main.tensors[index].name for index in found.main.inputs]
    assert names == ["input", "other"]
    with pytest.raises(ModelError, match="share the input 'input', but take int8 1 x 12"):
        read(directory, SMALL + wide)
    for model in ("coarse", "fine", "int16"):
        with pytest.raises(ModelError, match="share the input 'input', but take"):
            read(directory, SMALL + f'[[stage]]\nname = "b"\nmodel = "{model}.tflite"\n')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "stage: missing"),
        ("stage = []\n", "stage"),
        (SMALL + "modle = 3\n", r"stage\[0\].modle: unknown key"),
        (SMALL + GATE + 'changed_bye = 1.0\n', "changed_by"),
        (SMALL + SMALL, "another stage has it"),
        (SMALL.replace('"small"', '"9"'), "must be letters"),
        (SMALL + "stride = 3\n", "is of a chain"),
        (SMALL.replace("small.tflite", "small.keras"), "must be a .tflite; convert it first"),
        (SMALL.replace("small.tflite", "none.tflite"), "stage 'small': cannot read .*none.tflite"),
        (SMALL + 'inputs = ["a", "b"]\n', "2 names; the model has 1 inputs"),
        (SMALL + "inputs = []\n", "0 names; the model has 1 inputs"),
        (9 * SMALL, "1 problem\n  - stage: 9 tables: tuple must have at most 8 items"),
        (SMALL + LARGE + 'otherwise = "one"\n' + AT_LEAST,
         r"1 problem\n  - stage\[1\].otherwise: 'one': input must be 'zero' or 'last'; or input"
         " must be a valid integer"),
        (SMALL.replace('"small.tflite"', "3"),
         r"1 problem\n  - stage\[0\].model: 3: input must be a valid string; or input must be a"
         " valid tuple"),
        (SMALL.replace('"small.tflite"', '["small.tflite", 3]'), r"stage\[0\].model: "),
        (SMALL + "otherwise = 1\n", "this one runs always"),
        (SMALL + AT_LEAST, "no stage is before this one"),
        (SMALL + LARGE + GATE, "needs exactly one of at_least, unsure_below, changed_by"),
        (SMALL + LARGE + GATE + "at_least = 0.5\n", "at_least needs classes"),
        (SMALL + LARGE + GATE + "unsure_below = 0.5\nclasses = [1]\n", "classes goes with"),
        (SMALL + LARGE + AT_LEAST + 'stage = "smal"\n', "did you mean 'small'"),
        (SMALL + LARGE + AT_LEAST + "output = 1\n", "stage 'small' has 1 outputs"),
        (SMALL + LARGE + AT_LEAST.replace("[1]", "[4]"), "has the classes 0 to 3"),
        (SMALL + LARGE + AT_LEAST.replace("0.7", "13.3"), "reach from -12.3 to 13.2, .* never"),
        (SMALL + LARGE + AT_LEAST.replace("0.7", "-13.0"), "would always be reached"),
        (SMALL + LARGE + AT_LEAST.replace("0.7", "nan"), "at_least"),
        (SMALL + LARGE + "otherwise = 4\n" + AT_LEAST, "otherwise: 4: .* classes 0 to 3"),
        (SMALL + GATE + "changed_by = 25.6\n", "above 0 and at most 25.5"),
        (SMALL + GATE + 'changed_by = 1.0\ninput = "y"\n', "input: 'y'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(directory: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read(directory, text)


def test_all_problems_are_told_at_once(directory: Path) -> None:
    with pytest.raises(ConfigError, match="2 problems") as told:
        read(directory, SMALL.replace("small.tflite", "a.h5") + "stride = 3\n")
    assert told.value.hint == "docs/cascades.md explains every key"


@pytest.mark.parametrize("name", ["damaged", "cascade"])
def test_models_that_cannot_be_stages(directory: Path, name: str) -> None:
    with pytest.raises(ModelError):
        read(directory, SMALL + f'[[stage]]\nname = "b"\nmodel = "{name}.tflite"\n')


@pytest.mark.parametrize("name", CASCADES)
def test_stages_alone_are_the_models_they_were(name: str) -> None:
    model = read_model(cascade(name))
    for part, stage in zip(CASCADES[name], model.stages, strict=True):
        alone, before = stage_model(model, stage), read_model(part.tflite)
        assert [op.kind for op in alone.main.ops] == [op.kind for op in before.main.ops]
        assert keeps_state(alone) == keeps_state(before)


def test_what_gates_remember_is_state(directory: Path) -> None:
    assert not keeps_state(read(directory, SMALL + LARGE + AT_LEAST))
    assert keeps_state(read(directory, SMALL + LARGE + GATE + "changed_by = 1.0\n"))
    assert keeps_state(read(directory, SMALL + LARGE + 'otherwise = "last"\n' + AT_LEAST))


def _with_metadata(tflite: bytes, before: bytes, after: bytes) -> bytes:
    model = unpacked(tflite)
    (entry,) = model.metadata
    said = bytes(model.buffers[entry.buffer].data)
    assert before in said
    model.buffers[entry.buffer].data = list(said.replace(before, after))
    return packed(model)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"version":1', b'"version":2'),
        (b'"begin":0', b'"begin":1'),
        (b'"end":1', b'"end":2'),
        (b'"outputs":[1]', b'"outputs":[0]'),
        (b'"inputs":[0]', b'"inputs":[1]'),
        (b'"limit":5', b'"limit":200'),
        (b'"port":0', b'"port":1'),
        (b'"port":0', b'"port":-1'),
        (b'"classes":[1,2]', b'"classes":[1,4]'),
        (b'"classes":[1,2]', b'"classes":[]'),
        (b'"otherwise":3', b'"otherwise":-1'),
        (b'"name":"large"', b'"name":"small"'),
        (b'"name":"large"', b'"name":"a b"'),
        (b'"kind":"class"', b'"kind":"any"'),
        (b'"resets_state":false', b'"resets_states":false'),
    ],
)  # fmt: skip
def test_metadata_that_do_not_fit_are_refused(before: bytes, after: bytes) -> None:
    with pytest.raises(ModelError, match=r"tinycompress\.cascade"):
        read_model(_with_metadata(cascade("class"), before, after))


def test_stages_survive_their_text() -> None:
    for name in CASCADES:
        stages = read_model(cascade(name)).stages
        assert read_stages(stages_text(stages)) == stages


def test_the_readme_names_stages_and_their_calls(directory: Path) -> None:
    file = directory / "cascade.toml"
    file.write_text(f"schema = 1\n{SMALL}{LARGE}{AT_LEAST}")
    made = tinycompress.build(file, "nano33", framework="library", output=directory / "library")
    text = (made.directory / "README.md").read_text()
    assert "| stage `large` | runs where class 1 of 'small/dense4' is 0.7 or more" in text
    assert "`tcm_cascade_large_invoke()`" in text


def test_labels_are_counted_as_the_gates_decide(directory: Path) -> None:
    file, samples = directory / "cascade.toml", directory / "x.npz"
    file.write_text(f"schema = 1\n{SMALL}{LARGE}otherwise = 2\n{AT_LEAST}")
    x = np.random.default_rng(2).uniform(-12, 12, (30, 12)).astype(np.float32)
    oracle = open_oracle(read_cascade(file), "tflm")
    stored = (np.round(x / np.float32(0.1)) + 3).clip(-128, 127).astype(np.int8)
    told = [oracle.run(one[None]) for one in stored]
    assert 0 < sum(int(ran[0, 1]) for *_, ran in told) < 30
    answers = np.array([large.argmax() for _, large, _ in told])
    np.savez(samples, x=x, y0=np.zeros(30, np.int64), y1=answers)
    made = tinycompress.convert(file, None, directory / "made.tflite", val=samples)
    assert made.quality[1].score == 1.0
    assert read_model((directory / "made.tflite").read_bytes()).stages
