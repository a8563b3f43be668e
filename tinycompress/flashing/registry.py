"""The methods that there are, and the reading of a ``flash`` table by the one that it names."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import (
    GetJsonSchemaHandler,
    SerializeAsAny,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from tinycompress.flashing.bossac import Bossac
from tinycompress.flashing.dfu_util import DfuUtil
from tinycompress.flashing.jlink import Jlink
from tinycompress.flashing.method import FlashMethod
from tinycompress.flashing.openocd import Openocd
from tinycompress.flashing.picotool import Picotool
from tinycompress.flashing.pyocd import Pyocd
from tinycompress.flashing.teensy import TeensyLoader
from tinycompress.flashing.volume import VolumeCopy

METHODS: tuple[type[FlashMethod], ...] = (
    Bossac, Pyocd, Openocd, Jlink, Picotool, DfuUtil, TeensyLoader, VolumeCopy,
)  # fmt: skip
"""Every way to flash. A board file has an order of its own."""

METHOD_PROBLEM = "flash_method"
"""Type of a validation error whose message is a whole sentence."""


def by_name(name: object) -> type[FlashMethod] | None:
    """The method that board files call ``name``, if there is one."""
    return next((method for method in METHODS if method.name() == name), None)


def _read(table: Any, otherwise: ValidatorFunctionWrapHandler, info: ValidationInfo) -> FlashMethod:
    if isinstance(table, FlashMethod):
        made: FlashMethod = otherwise(table)
        return made
    if not isinstance(table, dict):
        raise PydanticCustomError("table_type", "must be a table with a 'method'")
    method = by_name(table.get("method"))
    if method is not None and info.mode == "json":
        # JSON has lists where strict tables want tuples.
        return method.model_validate_json(json.dumps(table))
    if method is not None:
        return method.model_validate(table)
    named = f"unknown method {table['method']!r}" if "method" in table else "'method' is missing"
    raise PydanticCustomError(
        METHOD_PROBLEM,
        "{named}; allowed: {allowed}",
        {"named": named, "allowed": ", ".join(method.name() for method in METHODS)},
    )


class _OneOfAll:
    """In the JSON Schema a table is one of all methods', and not only what they have in common."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(method.__pydantic_core_schema__) for method in METHODS]}


FlashTable = Annotated[FlashMethod, WrapValidator(_read), SerializeAsAny(), _OneOfAll()]
"""One ``flash`` table of a board file: a `FlashMethod`, made by the method that it names."""
