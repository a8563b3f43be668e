"""A complete firmware project for a board: what is copied, what is rendered, how it is compiled."""

from __future__ import annotations

from tinycompress.firmware.frameworks import render_framework_project
from tinycompress.firmware.library import render_library
from tinycompress.firmware.plan import BuildPlan, ToolchainFlags, build_plan
from tinycompress.firmware.project import load_plan, load_project
from tinycompress.firmware.render import render_project

__all__ = [
    "BuildPlan",
    "ToolchainFlags",
    "build_plan",
    "load_plan",
    "load_project",
    "render_framework_project",
    "render_library",
    "render_project",
]
