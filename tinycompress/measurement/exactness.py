"""What a benchmark's comparison with the oracle means: equal, different, or not known."""

from __future__ import annotations

from tinycompress.artifacts import BenchResult
from tinycompress.errors import MismatchError


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
