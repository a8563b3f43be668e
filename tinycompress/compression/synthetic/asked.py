"""Whether what stands in the place of data asks for samples to be made."""

from __future__ import annotations

from typing import TypeGuard, get_args

from tinycompress.artifacts import DataFree


def asks_for_no_data(source: object) -> TypeGuard[DataFree]:
    """Whether it is one of the words for that; a file of such a name is given as a ``Path``."""
    return isinstance(source, str) and source in get_args(DataFree)
