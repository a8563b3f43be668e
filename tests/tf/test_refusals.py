"""Every refusal of a Keras model, a SavedModel or a stage is reached, and its hint is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.refusals import of_fixed_point, of_keras
from support.refusals.sites import Refusal, reached

pytestmark = pytest.mark.tf
REFUSALS = (*of_keras.REFUSALS, *of_fixed_point.REFUSALS)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.site)
def test_a_model_is_refused_with_its_hint(refusal: Refusal, tmp_path: Path) -> None:
    error, site = reached(lambda: refusal.provoke(tmp_path))
    assert site == refusal.site
    assert refusal.message in str(error)
    assert refusal.hint in (error.hint or "")
