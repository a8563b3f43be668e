"""Teachers' assistants: Mirzadeh et al., Improved Distillation via Teacher Assistant, 2020."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Network
from tinycompress.compression.schemes.base import Learnt, Lesson, names_pairs, percent


def assistant(network: Network, lesson: Lesson) -> Learnt:
    """The teachers teach the first assistant, it the next one, and the last one the network."""
    teachers, notes = lesson.trainer.teachers, []
    count = len(lesson.trainer.assistants)
    for number, middle in enumerate(lesson.trainer.assistants, start=1):
        tasks = tasks_of(middle, lesson.trainer.train)
        own = replace(lesson, trainer=replace(lesson.trainer, tasks=tasks), kept={})
        taught = own.taught(middle, *teachers, label=f"assistant {number} of {count}")
        teachers = (build_model(taught, "tf_keras"),)
        notes.append(f"assistant {number}: {percent(own.score(taught))}")
    return Learnt(lesson.taught(network, *teachers, label="train"), (", ".join(notes),))


def refusal(lesson: Lesson) -> str:
    """No assistants, or pairs by name."""
    if not lesson.trainer.assistants:
        return "there is no assistant; name one: --assistant middle.keras"
    return names_pairs(lesson)
