"""What every table of a file that users write has in common, and the numbers in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Word32 = Annotated[int, Field(ge=0, le=0xFFFF_FFFF)]
PositiveWord32 = Annotated[int, Field(gt=0, le=0xFFFF_FFFF)]
UsbId = tuple[Annotated[int, Field(ge=0, le=0xFFFF)], Annotated[int, Field(ge=0, le=0xFFFF)]]
"""(vendor, product)"""


class Table(BaseModel):
    """A table that cannot be changed, with no key that is not declared and no value converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
