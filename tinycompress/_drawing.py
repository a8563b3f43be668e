"""Drawings by matplotlib as SVG: equal figures are equal text, on every machine."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure


@contextmanager
def svg_style(style: Mapping[str, Any], salt: str = "tinycompress") -> Iterator[None]:
    """Draw and save figures in it.

    Args:
        style: Parameters of matplotlib, beside those that every drawing has.
        salt: What ids of the SVG follow from; drawings on one page need different ones.
    """
    # A user's own matplotlibrc has no say.
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Its own font measures the text; that of the viewer, which has more letters, shows it.
        warnings.filterwarnings("ignore", message=r"(?s).*(Glyph|Matplotlib currently does not)")
        matplotlib.rcdefaults()
        parameters: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": salt, **style}
        matplotlib.rcParams.update(parameters)
        yield


def literal(text: str) -> str:
    """A text that is drawn as it is, with no formula in it: names can hold anything."""
    return text.replace("$", r"\$")


def svg_text(figure: Figure, **saving: Any) -> str:
    """The figure as a whole SVG file, without a date.

    Args:
        figure: Made in a `svg_style`, in which this is called, too.
        saving: Further arguments of ``savefig``.
    """
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None}, **saving)
    return out.getvalue()
