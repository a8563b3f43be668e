"""What the device answered so far, in a file that outlives an interrupted run over many samples.

The first line is JSON and says of what firmware, samples and device the answers are; then follows
one record a sample: the bytes of all outputs, and the CRC-32 of the sample's index (u32, little
endian) and those bytes. A record that was cut short, or is not what its CRC says, ends the file.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

from tinycompress import _files
from tinycompress._version import __version__
from tinycompress.artifacts import BuiltFirmware, Machine
from tinycompress.device.link import Link
from tinycompress.errors import ConfigError
from tinycompress.measurement.samples import StoredSamples

SCHEMA = "tinycompress.measurement.answers"

Outputs = tuple[bytes, ...]


def identity_of(
    built: BuiltFirmware, stored: StoredSamples, link: Link, machine: Machine
) -> dict[str, str]:
    """What must be the same for answers of one run to be of use to another."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "build_id": built.build_id,
        "board_id": built.project.board_id,
        "samples_sha256": samples_sha256(stored),
        "device": f"{machine}, {link.transport}: {link.description}",
    }


def samples_sha256(stored: StoredSamples) -> str:
    """SHA-256 of all that a run's outputs depend on: the samples, and where streams begin."""
    digest = hashlib.sha256()
    for array in stored.inputs:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    if stored.begins is not None:
        digest.update(b"streams" + stored.begins.tobytes())
    return digest.hexdigest()


class AnswerLog:
    """Answers in a file, from the first sample on.

    Args:
        path: The file; one that is there is gone on with if it is of the same ``identity``, and
            overwritten if not.
        identity: As of `identity_of`.
        output_bytes: Size of each output.

    Raises:
        ConfigError: The file cannot be read or written.
    """

    def __init__(
        self, path: Path, identity: Mapping[str, str], output_bytes: tuple[int, ...]
    ) -> None:
        self._path = path
        self._sizes = output_bytes
        header = json.dumps(dict(identity), sort_keys=True).encode() + b"\n"
        body = _body_after(header, path)
        self.earlier = self._records(body)
        _files.write_bytes(path, header + body[: len(self.earlier) * self._record_bytes])
        try:
            # Unbuffered: what the device answered is in the file even if this process is killed.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        self._count = len(self.earlier)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def hint(self) -> str:
        """What a user can do after an interruption."""
        return f"the same command goes on after {self._count} samples (answers in {self._path})"

    def add(self, outputs: Outputs) -> None:
        """Keep the answer to the next sample.

        Raises:
            ConfigError: The file cannot be written, as when the disk is full.
        """
        data = b"".join(outputs)
        try:
            self._file.write(data + _checksum(self._count, data))
        except OSError as error:
            raise self._unwritable(error) from error
        self._count += 1

    def close(self) -> None:
        """Keep the file for the next run."""
        self._file.close()

    def remove(self) -> None:
        """The run is complete: the file has done its work."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    @property
    def _record_bytes(self) -> int:
        return sum(self._sizes) + 4

    def _records(self, body: bytes) -> list[Outputs]:
        records: list[Outputs] = []
        size = self._record_bytes
        for start in range(0, len(body) - size + 1, size):
            data, checksum = body[start : start + size - 4], body[start + size - 4 : start + size]
            if checksum != _checksum(len(records), data):
                break
            records.append(self._split(data))
        return records

    def _split(self, data: bytes) -> Outputs:
        outputs = []
        for size in self._sizes:
            outputs.append(data[:size])
            data = data[size:]
        return tuple(outputs)

    def _unwritable(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"cannot keep the device's answers in {self._path}: {error.strerror or error}",
            hint="choose another place with -o",
        )


def _body_after(header: bytes, path: Path) -> bytes:
    """What follows the header in a file; nothing if it has another one, or is not there."""
    try:
        with path.open("rb") as file:
            return file.read() if file.read(len(header)) == header else b""
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ConfigError(
            f"cannot read the device's earlier answers in {path}: {error.strerror or error}",
            hint="delete it, or choose another place with -o",
        ) from error


def _checksum(index: int, data: bytes) -> bytes:
    return struct.pack("<I", zlib.crc32(data, zlib.crc32(struct.pack("<I", index))))
