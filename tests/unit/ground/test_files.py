"""Writing a file: into a pipe or a device, not over it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tinycompress._files import write_bytes
from tinycompress.errors import ConfigError


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=write_bytes, args=(pipe, b"page"))
    writer.start()
    assert pipe.read_bytes() == b"page"
    writer.join(timeout=20)
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full")
def test_a_device_stays_a_device(tmp_path: Path) -> None:
    """By links: whoever may write to /dev must not lose what is there if this fails."""
    for name, refused in (("null", False), ("full", True)):
        place = tmp_path / name
        place.symlink_to(f"/dev/{name}")
        if refused:
            with pytest.raises(ConfigError, match="No space left"):
                write_bytes(place, b"page")
        else:
            write_bytes(place, b"page")
        assert place.is_symlink()
        assert Path(f"/dev/{name}").is_char_device()
