"""The criteria for channels that there are, by the names that recipes know them by.

Sources: L1 and L2 norm of filters (Li et al. 2017), |gamma| of the BatchNormalization behind (Liu
et al. 2017, network slimming), distance to the other filters (He et al. 2019, FPGM), redundancy
(Ayinde et al. 2019), average percentage of zeros (Hu et al. 2016, APoZ), mean activation and
first-order Taylor expansion (Molchanov et al. 2017), rank of feature maps (Lin et al. 2020, HRank),
learnt gates (Guo et al. 2021, GDP).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from tinycompress.compression.criteria import filters, gamma, gdp, hrank, observed, similarity
from tinycompress.compression.criteria.base import Criterion

Importance = Literal[
    "l1",
    "l2",
    "bn_gamma",
    "fpgm",
    "similarity",
    "apoz",
    "mean_activation",
    "taylor",
    "hrank",
    "gdp",
]

CHANNELS: Mapping[Importance, Criterion] = MappingProxyType(
    {
        "l1": filters.l1,
        "l2": filters.l2,
        "bn_gamma": gamma.bn_gamma,
        "fpgm": filters.fpgm,
        "similarity": similarity.similarity,
        "apoz": observed.apoz,
        "mean_activation": observed.mean_activation,
        "taylor": observed.taylor,
        "hrank": hrank.hrank,
        "gdp": gdp.gdp,
    }
)
