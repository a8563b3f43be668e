"""Features of sound for a training, byte for byte those that the firmware computes on the device.

::

    features = tinycompress.features.micro_speech(samples)  # int16 at 16 kHz
"""

from __future__ import annotations

from tinycompress.features.micro_speech import micro_speech

__all__ = ["micro_speech"]
