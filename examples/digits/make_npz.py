"""Make digits.npz from digits.csv.gz: one line per image, 64 pixels of 0..16, then the digit.

    python make_npz.py digits.csv.gz [digits.npz]

README.md says where the CSV comes from. The same CSV gives the same file.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

CSV_SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
SEED = 1998
TEST_SAMPLES = 360


def draw_test_set(labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Indices of a stratified test set: each digit in proportion, the remainders largest first."""
    digits, counts = np.unique(labels, return_counts=True)
    shares = counts * TEST_SAMPLES / len(labels)
    wanted = np.floor(shares).astype(int)
    by_remainder = np.argsort(wanted - shares, kind="stable")
    wanted[by_remainder[: TEST_SAMPLES - wanted.sum()]] += 1
    generator = np.random.default_rng(SEED)
    drawn = [
        generator.permutation(np.flatnonzero(labels == digit))[:count]
        for digit, count in zip(digits, wanted, strict=True)
    ]
    return np.sort(np.concatenate(drawn))


def main() -> None:
    """Read the CSV, split it, write the archive."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv", type=Path)
    parser.add_argument("npz", type=Path, nargs="?", default=Path(__file__).with_name("digits.npz"))
    arguments = parser.parse_args()
    digest = hashlib.sha256(arguments.csv.read_bytes()).hexdigest()
    if digest != CSV_SHA256:
        parser.error(f"{arguments.csv} has SHA-256 {digest}, not {CSV_SHA256}")
    table = np.loadtxt(arguments.csv, delimiter=",").astype(np.uint8)
    images, labels = table[:, :64].reshape(-1, 8, 8, 1), table[:, 64]
    test = draw_test_set(labels)
    train = np.setdiff1d(np.arange(len(labels)), test)
    np.savez_compressed(
        arguments.npz,
        x_train=images[train], y_train=labels[train], x_test=images[test], y_test=labels[test],
    )  # fmt: skip
    print(f"{arguments.npz}: {len(train)} training and {len(test)} test samples")


if __name__ == "__main__":
    main()
