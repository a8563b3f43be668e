"""Every model of the collection against both oracles, as the tables of docs/corpus.md.

Run by ``make corpus``; ends with exit code 1 if a model is built and wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from support.cases.kernels import BOTH
from support.models.collection import Collection
from support.models.corpus import FAMILIES, models, verdict

from tinycompress._files import write_text

_COLUMNS = ("exact", "refused", "no oracle", "wrong")
_HEAD = """# The collection: exact, refused or wrong

Written by `make corpus`; do not edit. Every model of the collection of real `.tflite` files is
built and run on this machine on three random inputs in a row, and all output bytes are compared.
*Refused* models are refused before anything is built, with every reason. *No oracle* models are
built, but the runtime itself does not run the file.
"""


def main() -> int:
    """Run all families and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(os.environ.get("TC_SHARED_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=default, help="directory of models.json")
    parser.add_argument("--page", type=Path, default=Path("docs/corpus.md"))
    arguments = parser.parse_args()
    collection = Collection(arguments.data)
    parts, wrong = [_HEAD], 0
    for exact_to in BOTH:
        parts.append(f"\n## Exact to `{exact_to}`\n\n| family | {' | '.join(_COLUMNS)} |")
        parts.append("\n|---|" + "---|" * len(_COLUMNS) + "\n")
        totals: Counter[str] = Counter()
        for family in FAMILIES:
            counts = Counter(
                found if found in _COLUMNS else "wrong"
                for _, entry in models(collection, family)
                for found in [verdict(collection.file(entry["file"]).read_bytes(), exact_to)]
            )
            print(family, exact_to, dict(counts), flush=True)
            totals += counts
            parts.append(_row(family, counts))
        parts.append(_row("**all**", totals))
        wrong += totals["wrong"]
    write_text(arguments.page, "".join(parts))
    return 1 if wrong else 0


def _row(name: str, counts: Counter[str]) -> str:
    return f"| {name} | {' | '.join(str(counts[column]) for column in _COLUMNS)} |\n"


if __name__ == "__main__":
    sys.exit(main())
