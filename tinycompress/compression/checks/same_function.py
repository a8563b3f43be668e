"""Whether a stage that may not change what the model computes has changed it."""

from __future__ import annotations

import numpy as np

from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.bridge import RELATIVE_TOLERANCE, predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Network
from tinycompress.errors import MismatchError

_SAMPLES = 64


def require_same_function(before: Network, after: Network, data: Data, *, stage: str) -> float:
    """Compare the outputs of two networks on some samples.

    Args:
        before: The network as it was.
        after: The network that must compute the same.
        data: Samples.
        stage: For the message.

    Returns:
        The largest difference, relative to the largest magnitude of its output or to 1.

    Raises:
        MismatchError: It is more than `bridge.RELATIVE_TOLERANCE`, or not finite.
    """
    sample = data.take(np.arange(min(len(data), _SAMPLES)))
    wanted = predict(build_model(before, "tf_keras"), sample.inputs)
    found = predict(build_model(after, "tf_keras"), sample.inputs)
    worst = max(
        float(np.max(np.abs(one - other)) / max(1.0, float(np.max(np.abs(one)))))
        for one, other in zip(wanted, found, strict=True)
    )
    if not worst <= RELATIVE_TOLERANCE:
        raise MismatchError(
            f"{stage} changed the float model's outputs by {worst:.3g} of the largest; allowed:"
            f" {RELATIVE_TOLERANCE:g}",
            hint="leave the stage out, and please report the model's summary",
        )
    return worst
