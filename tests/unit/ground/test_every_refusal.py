"""Every refusal of a model is reached, and its hint is read: the place in the code is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.refusals import of_cascades, of_files, of_fixed_point, of_keras
from support.refusals.sites import Refusal, reached, sites

OF_FILES = (*of_files.REFUSALS, *of_cascades.REFUSALS)
EVERY = (*OF_FILES, *of_keras.REFUSALS, *of_fixed_point.REFUSALS)


def test_every_refusal_has_a_case() -> None:
    known = [refusal.site for refusal in EVERY]
    places = {site.name for site in sites()}
    assert set(known) <= places
    assert len(set(known)) == len(known)
    assert places == set(known)


def test_every_refusal_has_a_hint() -> None:
    assert [site.name for site in sites() if not site.has_hint] == []


@pytest.mark.parametrize("refusal", OF_FILES, ids=lambda one: one.site)
def test_a_file_is_refused_with_its_hint(refusal: Refusal, tmp_path: Path) -> None:
    error, site = reached(lambda: refusal.provoke(tmp_path))
    assert site == refusal.site
    assert refusal.message in str(error)
    assert refusal.hint in (error.hint or "")
