"""What a comparison with the oracle means: equal, within a bound, different, or not known.

Bytes are compared. Of float32 outputs behind float operators, the bound is in units in the last
place (ULP) of the output's largest value in that sample: what rounding costs a sum does not get
smaller where its terms cancel. Of integers a unit is one step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import BenchResult, TensorSpec
from tinycompress.errors import MismatchError
from tinycompress.measurement.answers import Outputs

_SMALLEST = np.finfo(np.float32).tiny


def worst_excess(
    device: Outputs, host: Outputs, outputs: Sequence[TensorSpec], allowed: Sequence[int]
) -> tuple[bool, float]:
    """Whether all outputs of one sample are within their bounds, and the worst of them in ULP.

    Args:
        device: What the device gave.
        host: What the oracle gave.
        outputs: Of which type they are.
        allowed: For each output its bound in ULP; 0 asks for equal bytes.

    Returns:
        Whether they are, and the largest difference of those with a bound above 0; infinite where
        one side has a NaN or an infinity that the other has not.
    """
    within, worst = True, 0.0
    for told, wanted, spec, bound in zip(device, host, outputs, allowed, strict=True):
        if bound == 0:
            within = within and told == wanted
            continue
        distance = _ulps(_values(told, spec), _values(wanted, spec), spec.dtype)
        within, worst = within and distance <= bound, max(worst, distance)
    return within, worst


def _values(data: bytes, spec: TensorSpec) -> npt.NDArray[np.float64]:
    stored = np.frombuffer(data, np.dtype(spec.dtype).newbyteorder("<"))
    # float64 holds what integers of up to 32 bits and float32 hold.
    return stored.astype(np.float64)


def _ulps(told: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64], dtype: str) -> float:
    """The largest difference, in units in the last place of the largest value that is wanted."""
    finite = np.isfinite(wanted)
    if not (np.isfinite(told) == finite).all():
        return float("inf")
    if not np.array_equal(told[~finite], wanted[~finite], equal_nan=True):
        return float("inf")
    if not finite.any():
        return 0.0
    unit = 1.0
    if dtype == "float32":
        unit = float(np.spacing(np.float32(max(np.abs(wanted[finite]).max(), _SMALLEST))))
    return float(np.abs(told[finite] - wanted[finite]).max() / unit)


def require_exact(result: BenchResult) -> None:
    """Refuse outputs that are not known to equal the oracle's, floats within their bound.

    Raises:
        MismatchError: At least one sample's outputs differ, or the oracle does not run the model.
    """
    if result.not_compared is not None:
        raise MismatchError(
            f"nothing tells whether the outputs are right: {result.not_compared}",
            hint="the figures stand; to have outputs compared, build the model with the other"
            " --exact-to",
        )
    if result.mismatched_samples and result.allowed_ulps:
        raise MismatchError(
            f"{result.mismatched_samples} of {result.samples} samples give outputs on the device "
            f"that are further than {result.allowed_ulps} ULP from the {result.oracle} oracle's: "
            f"up to {result.worst_ulps:g}",
            hint="report this with the model: that bound is what tinycompress promises of floats",
        )
    if result.mismatched_samples:
        raise MismatchError(
            f"{result.mismatched_samples} of {result.samples} samples give other bytes on the "
            f"device than the {result.oracle} oracle gives",
            hint="report this with the model: exactness is what tinycompress promises",
        )
