"""A headless browser that pages are looked at with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import sync_playwright

from support.common import require_tool

Scheme = Literal["light", "dark"]

WIDE_ONES = """
() => {
  const scrolls = (node) => {
    for (let up = node.parentElement; up; up = up.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(up).overflowX)) return true;
    return false;
  };
  return [...document.querySelectorAll('body *')]
    .filter((node) => node.getClientRects().length && !scrolls(node))
    .filter((node) => {
      const box = node.getBoundingClientRect();
      return box.right > window.innerWidth + 0.5 || box.left < -0.5;
    })
    .map((node) => node.outerHTML.slice(0, 120));
}
"""
"""What lies outside of the window, but for what is in a box that scrolls."""


@contextmanager
def browser() -> Iterator[Any]:
    """A running Chromium, without a network."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=require_tool("browser"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        try:
            yield running
        finally:
            running.close()


class Told:
    """What the browser complained about, and what it asked the network for."""

    def __init__(self, page: Any) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._spoke)
        page.on("request", lambda request: self._asked(request.url))

    def _spoke(self, dialog: Any) -> None:
        """A script ran: nothing else opens a dialog."""
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def _asked(self, url: str) -> None:
        if not url.startswith(("file:", "data:")):
            self.requests.append(url)


@contextmanager
def opened(
    running: Any, path: Path, *, width: int, scheme: Scheme = "light"
) -> Iterator[tuple[Any, Told]]:
    """A page in a window of a width in pixels."""
    context = running.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    try:
        page = context.new_page()
        told = Told(page)
        page.goto(path.resolve().as_uri())
        yield page, told
    finally:
        context.close()
