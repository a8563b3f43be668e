"""Search for the best candidate within a budget: Optuna asks, the emulated board answers."""

from __future__ import annotations

from tinycompress.errors import ConfigError

try:
    import optuna  # noqa: F401
except ModuleNotFoundError as error:
    raise ConfigError(
        f"tinycompress fit needs the Python package {error.name!r}",
        hint="pip install 'tinycompress-mcu[fit]'",
    ) from error
