"""Kernels that layers share for little flash, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinycompress.codegen.choosing.costs import cost_unit, predicted_cost, shared_cost
from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.options import CodegenOptions, CoreFamily

_NAMED = 3
"""Layers that a line names."""


Shared = Mapping[Kernel, Sequence[Layer]]
"""Kernels of which several layers run one copy, which knows none of their shapes: its layers."""


def shared_kernels(layers: Sequence[Layer], options: CodegenOptions) -> Shared:
    """The kernels that several layers are to share, by what is optimised for."""
    users: dict[Kernel, list[Layer]] = {}
    for layer in layers if options.optimize == "flash" else ():
        users.setdefault(layer.kernel, []).append(layer)
    return {kernel: found for kernel, found in users.items() if len(found) > 1}


def sharing_trades(shared: Shared, family: CoreFamily) -> tuple[str, ...]:
    """What is given for the flash that sharing saves, a line for each kernel."""
    return tuple(_trade(kernel, users, family) for kernel, users in shared.items())


def named(layers: Sequence[Layer]) -> str:
    """The first of some layers, by name."""
    names = ", ".join(f"'{layer.name}'" for layer in layers[:_NAMED])
    return f"{names} and {len(layers) - _NAMED} more" if len(layers) > _NAMED else names


def _trade(kernel: Kernel, users: Sequence[Layer], family: CoreFamily) -> str:
    line = f"layers {named(users)}: one copy of {kernel.name} for {len(users)} layers"
    share = shared_cost(kernel.name, family)
    costs, unit = [predicted_cost(layer, family) for layer in users], cost_unit(family)
    known = [each for each in costs if each is not None]
    if share is None:
        return f"{line}; what that costs is not measured for this kernel"
    if len(known) < len(costs):
        return f"{line}, about {100 * share:+.1f} % {unit}"
    return f"{line}, about {share * sum(known):+,.0f} {unit} ({100 * share:+.1f} %)"
