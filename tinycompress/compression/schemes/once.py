"""One training of one network."""

from __future__ import annotations

from tinycompress.compression.network.network import Network
from tinycompress.compression.schemes.base import Learnt, Lesson


def once(network: Network, lesson: Lesson) -> Learnt:
    """Train by the trainer's teachers, or by labels alone."""
    return Learnt(lesson.taught(network, *lesson.trainer.teachers, label="train"))
