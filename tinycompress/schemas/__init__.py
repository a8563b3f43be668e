"""What every JSON output holds, as models: they are published in docs/schemas/ and read by."""

from __future__ import annotations
