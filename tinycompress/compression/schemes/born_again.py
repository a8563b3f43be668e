"""Networks that teach their likes: born again, and labels refined on the way.

A network of the same layers and fresh weights learns from the one before it (Furlanello et al.,
Born-Again Neural Networks, 2018). Where the labels are those of the teacher alone, for each sample
as it is seen, labels are refined (Bagherinezhad et al., Label Refinery, 2018).
"""

from __future__ import annotations

from dataclasses import replace

from tinycompress.compression.data.tasks import mean_score
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Network
from tinycompress.compression.schemes.base import Learnt, Lesson, percent
from tinycompress.compression.schemes.fresh import fresh
from tinycompress.compression.training.answers import Answers


def born_again(network: Network, lesson: Lesson) -> Learnt:
    """The last of the generations, or with ``ensemble`` the one that all of them teach.

    The first generation is taught by the trainer's teachers. Each begins with weights drawn by a
    seed of its own.
    """
    seed, count = lesson.trainer.seed, lesson.options.generations
    teachers = lesson.trainer.teachers
    generations, notes = [], []
    for number in range(1, count + 1):
        network = lesson.taught(
            fresh(network, seed + number), *teachers, label=f"generation {number} of {count}"
        )
        model = build_model(network, "tf_keras")
        generations.append(model)
        teachers = (model,)
        notes.append(f"generation {number}: {percent(lesson.trainer.accuracy(model))}")
    if lesson.options.ensemble:
        together = replace(lesson.trainer, teachers=tuple(generations))
        held_out = together.validation
        said = tuple(Answers(together).of(held_out.inputs))
        notes.append(f"all together: {percent(mean_score(together.tasks, held_out, said))}")
        network = lesson.taught(
            fresh(network, seed + count + 1), *generations, label="taught by all generations"
        )
        notes.append(f"taught by all: {percent(lesson.score(network))}")
    return Learnt(network, (", ".join(notes),))
