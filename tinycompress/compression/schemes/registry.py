"""The schemes that there are, by the names that recipes know them by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.compression.schemes import assistant, born_again, data_free, mutual, once
from tinycompress.compression.schemes.base import Scheme, names_pairs
from tinycompress.compression.schemes.options import SchemeName
from tinycompress.compression.training.options import Distill

SCHEMES: Mapping[SchemeName, Scheme] = MappingProxyType(
    {
        "once": Scheme(once.once),
        "mutual": Scheme(mutual.mutual, Distill(temperature=1.0), mutual.refusal),
        "born_again": Scheme(born_again.born_again, Distill(), names_pairs),
        "refinery": Scheme(
            born_again.born_again, Distill(temperature=1.0, weight=1.0, shift=1), names_pairs
        ),
        "assistant": Scheme(assistant.assistant, Distill(), assistant.refusal),
        "data_free": Scheme(data_free.data_free, Distill(), data_free.refusal),
    }
)
