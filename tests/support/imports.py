"""What a module imports, read off its source."""

from __future__ import annotations

import ast
from pathlib import Path


def imports_of(path: Path) -> list[tuple[str, int]]:
    """Every name that a module imports, with its line; imports must be absolute."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            assert node.module is not None
            if node.module == "tinycompress":
                found += [(f"tinycompress.{alias.name}", node.lineno) for alias in node.names]
            else:
                found.append((node.module, node.lineno))
    return found
