"""What is done for a small arena: the order of layers, no needless copies, patches, kernels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from tinycompress.codegen.arena.elide_copies import elide_copies
from tinycompress.codegen.arena.memory import ArenaLayout, lay_out
from tinycompress.codegen.arena.order import order_for_memory
from tinycompress.codegen.arena.patching import Patching, patchings
from tinycompress.codegen.arena.places import copies_onto_itself, places
from tinycompress.codegen.choosing.candidates import Candidate, candidates
from tinycompress.codegen.choosing.costs import cost_unit, predicted_cost, shared_cost
from tinycompress.codegen.choosing.flash import flash_bytes
from tinycompress.codegen.choosing.select import (
    Preference,
    Selector,
    Taken,
    by_each,
    leaner_kin,
    leanest,
    selector_for,
)
from tinycompress.codegen.choosing.sharing import shared_kernels, sharing_trades
from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.macs import total_macs
from tinycompress.codegen.options import CodegenOptions, CoreFamily
from tinycompress.errors import DoesNotFitError
from tinycompress.ir.graph import Graph, Op

_WORTH = 4
"""For speed, a layer changes its kernel where that saves at least one in so many arena bytes."""

_PATCHES_WORTH = 8
"""Without a budget, layers are computed in patches where that saves at least one in so many."""

_MORE_MACS = {"speed": 0.02, "ram": 0.25, "flash": 0.02}
"""Of all multiply-accumulates, what patches may compute twice where there is no budget."""

_FLASH_WORTH = 10
"""For flash, encoded weights must save one part in so many of the share of RAM that they add."""

_STAGES = 4
"""Stages that are tried in patches for the smallest arena, the most promising ones."""

_COUNTS = 5
"""Numbers of patches that each of these is tried in."""

_SPEED_TRIES = 8
"""Patchings that are laid out for speed, those with the fewest MACs."""

_BUDGET_TRIES = 24
"""Patchings that are laid out for a budget."""

_TRY_WORK = 25_000
"""Search for a layout while there are many to compare."""


@dataclass(frozen=True)
class Fitted:
    """The graph as it was changed, its layers, where their tensors lie, and what was given for
    memory, in words. ``shared`` are kernels of which several layers run one copy."""

    graph: Graph
    family: CoreFamily
    taken: Taken
    layers: tuple[Layer, ...]
    layout: ArenaLayout
    trades: tuple[str, ...] = ()
    shared: frozenset[Kernel] = frozenset()

    @property
    def arena_bytes(self) -> int:
        """What the arena takes."""
        return self.layout.arena_bytes

    @property
    def flash_bytes(self) -> int:
        """About what constants, parameters and kernels take, with kernels that layers share."""
        return flash_bytes(self.taken.values())

    @property
    def cost(self) -> float:
        """What is predicted of all layers whose kernels were measured, cycles or instructions."""
        shares = {kernel: shared_cost(kernel.name, self.family) or 0.0 for kernel in self.shared}
        costs = ((layer.kernel, predicted_cost(layer, self.family)) for layer in self.layers)
        return sum((1 + shares.get(kernel, 0.0)) * (cost or 0.0) for kernel, cost in costs)

    @property
    def peak_op(self) -> Op:
        """The operator that runs while most bytes are live; there is at least one layer."""
        return self.layers[max(min(self.layout.peak_step, len(self.layers) - 1), 0)].op


def fit_ram(graph: Graph, options: CodegenOptions) -> Fitted:
    """Lower a graph and lay out its arena as the options want it.

    Args:
        graph: A graph that has passed the checks.
        options: `optimize` and `ram_budget_bytes` decide.

    Raises:
        DoesNotFitError: The arena does not fit the budget with any kernels and patches; says how
            near it came.
    """
    fitter = _Fitter(options, selector_for(options))
    plain = _smallest(fitter.lean(fitter.plain(each)) for each in _arrangements(graph))
    fitted, budget = fitter.shrink(plain), options.ram_budget_bytes
    if budget is None:
        finished = _finished(fitter.patch_where_cheap(plain, fitted), options)
        return _encoded_for_enough(graph, finished, options)
    tried = [fitted]
    if fitted.arena_bytes > budget:
        tried += fitter.patch_for(plain, budget)
    fitted = _smallest(tried)
    encoded = options.weights != "plain"
    if fitted.arena_bytes > budget and (options.has_allowance or not encoded):
        for_ram = replace(options, optimize="ram")
        small = _Fitter(for_ram, selector_for(for_ram))
        fitted = _smallest(map(small.shrink, sorted(tried, key=_arena_bytes)[:3]))
    if fitted.arena_bytes > budget and encoded:
        # Decoders need working memory; what is met without any is met.
        return fit_ram(graph, replace(options, weights="plain"))
    if fitted.arena_bytes > budget:
        raise DoesNotFitError(
            f"the arena takes {fitted.arena_bytes} bytes at layer '{fitted.layout.peak_layer}', "
            f"the budget is {budget}",
            hint=f"a budget of {fitted.arena_bytes} bytes is the nearest that can be met; a smaller"
            " input or fewer channels in the first layers shrink it most",
        )
    return _finished(fitted, options)


def as_preferred(graph: Graph, options: CodegenOptions, prefer: Preference) -> Fitted:
    """Lower a graph as it is by the candidates that somebody prefers, to measure or test them."""
    return _sharing(_Fitter(options, by_each(prefer)).plain(graph), options)


def _encoded_for_enough(graph: Graph, fitted: Fitted, options: CodegenOptions) -> Fitted:
    """Plain weights where encoded ones would save less flash than their decoders' RAM is worth."""
    encoded = any(each.is_encoded for each in fitted.taken.values())
    if not encoded or options.has_allowance:
        return fitted
    plain = fit_ram(graph, replace(options, weights="plain"))
    more_bytes = fitted.arena_bytes - plain.arena_bytes
    if more_bytes <= 0:
        return fitted
    saved = 1 - fitted.flash_bytes / plain.flash_bytes
    if saved * _FLASH_WORTH < more_bytes / plain.arena_bytes:
        return plain
    trade = f"decoded weights and tables take {more_bytes:,} more bytes of the arena"
    return replace(fitted, trades=(*fitted.trades, trade))


def _finished(fitted: Fitted, options: CodegenOptions) -> Fitted:
    """The same with a thorough search for its layout, and with kernels that layers share."""
    layout = lay_out(fitted.graph, fitted.layers)
    if layout.arena_bytes < fitted.arena_bytes:
        fitted = replace(fitted, layout=layout)
    return _sharing(fitted, options)


def _sharing(fitted: Fitted, options: CodegenOptions) -> Fitted:
    shared = shared_kernels(fitted.layers, options)
    trades = (*fitted.trades, *sharing_trades(shared, options.family))
    return replace(fitted, shared=frozenset(shared), trades=trades)


def _arena_bytes(fitted: Fitted) -> int:
    return fitted.arena_bytes


def _smallest(fitted: Iterable[Fitted]) -> Fitted:
    """The one with the smallest arena, the first among equals."""
    return min(fitted, key=_arena_bytes)


def _arrangements(graph: Graph) -> list[Graph]:
    """The graph in its own order and in one for memory, both with and without needless copies."""
    found: list[Graph] = []
    for ordered in (graph, order_for_memory(graph)):
        for arranged in (elide_copies(ordered), ordered):
            if all(arranged.ops != other.ops for other in found):
                found.append(arranged)
    return found


class _Fitter:
    """What can be done for memory, with the options and every operator's candidates at hand."""

    def __init__(self, options: CodegenOptions, select: Selector) -> None:
        self._options = options
        self._select = select
        self._found: dict[Op, tuple[Candidate, ...]] = {}

    def _candidates(self, graph: Graph, op: Op) -> tuple[Candidate, ...]:
        """An operator's candidates; of one that was seen before, those of then."""
        if op not in self._found:
            self._found[op] = candidates(graph, op, self._options)
        return self._found[op]

    def _fitted(self, graph: Graph, taken: Taken, trades: tuple[str, ...] = ()) -> Fitted:
        """The layers of a graph by the candidates that were taken, laid out."""
        found = places(graph)
        layers = tuple(
            layer
            for op in graph.ops
            for layer in taken[op.index].layers
            if not copies_onto_itself(layer, found)
        )
        layout = lay_out(graph, layers, work=_TRY_WORK)
        return Fitted(graph, self._options.family, taken, layers, layout, trades)

    def plain(self, graph: Graph) -> Fitted:
        """The graph as it is, by the candidates that the selector takes."""
        offers = {op.index: self._candidates(graph, op) for op in graph.ops}
        return self._fitted(graph, self._select(offers))

    def lean(self, fitted: Fitted) -> Fitted:
        """With leaner kin for as long as there is one at the peak: the smallest arena on that way,
        by as few of them as it takes."""
        tried = [fitted]
        while fitted.layers:
            op = fitted.peak_op
            leaner = leaner_kin(self._candidates(fitted.graph, op), fitted.taken[op.index])
            if leaner is None:
                break
            taken = {**fitted.taken, op.index: leaner}
            fitted = self._fitted(fitted.graph, taken, fitted.trades)
            tried.append(fitted)
        return _smallest(tried)

    def shrink(self, fitted: Fitted) -> Fitted:
        """Change the kernel of the layer at the peak for as long as that pays."""
        options = self._options
        while not self._within(fitted):
            op = fitted.peak_op
            before = fitted.taken[op.index]
            after = self._leanest(self._candidates(fitted.graph, op), before)
            # Only where the operator is one layer before and after.
            single = len(before.layers) == len(after.layers) == 1
            if not single or after.scratch_bytes >= before.scratch_bytes:
                break
            changed = self._fitted(fitted.graph, {**fitted.taken, op.index: after})
            saved = fitted.arena_bytes - changed.arena_bytes
            worth = 1 if options.optimize == "ram" else fitted.arena_bytes / _WORTH
            if saved < worth:
                break
            trade = _trade(before, after, saved, options)
            fitted = replace(changed, trades=(*fitted.trades, trade))
        return fitted

    def _leanest(self, found: Sequence[Candidate], before: Candidate) -> Candidate:
        """The candidate to change to for a smaller arena; ``before`` itself if none is worth it.

        Encoded weights are flash that was paid for with cycles. Only a budget takes them back, by
        the smallest that needs less working memory, which mostly is another encoding.
        """
        options = self._options
        budget = options.ram_budget_bytes is not None
        if not before.is_encoded:
            return leanest(found, references=budget and options.optimize == "ram")
        if (options.optimize == "flash" or options.has_allowance) and not budget:
            return before
        leaner = [
            each
            for each in found
            if each.scratch_bytes < before.scratch_bytes and not each.is_reference
        ]
        return min(leaner, key=lambda each: each.data_bytes, default=before)

    def patch_where_cheap(self, plain: Fitted, fitted: Fitted) -> Fitted:
        """Patches where they save much for few operations, by what is optimised for."""
        worth = fitted.arena_bytes - fitted.arena_bytes // _PATCHES_WORTH
        most = int(total_macs(plain.graph) * _MORE_MACS[self._options.optimize])
        if not most:
            return fitted
        found = patchings(plain.graph, worth, most)
        if self._options.optimize != "ram":
            tried = self._until(plain, islice(found, _SPEED_TRIES), worth)
        else:
            tried = [self._patched(plain, each) for each in _promising(list(found))]
        best = _smallest((fitted, *tried))
        return best if best.arena_bytes <= worth and self._is_bargain(fitted, best) else fitted

    def _is_bargain(self, fitted: Fitted, patched: Fitted) -> bool:
        """Whether what comes first allows the flash that patches take: each is more layers."""
        allowance = self._options.flash_allowance_bytes
        if allowance is not None and patched.flash_bytes > max(allowance, fitted.flash_bytes):
            return False
        # An option never worsens what it is named after.
        return self._options.optimize != "flash" or patched.flash_bytes <= fitted.flash_bytes

    def patch_for(self, plain: Fitted, budget: int) -> list[Fitted]:
        """Patches until one meets the budget, the last then; those with fewer MACs first."""
        found = list(islice(patchings(plain.graph, budget, None), _BUDGET_TRIES))
        if not found:
            found = sorted(patchings(plain.graph, plain.arena_bytes, None), key=_floor_bytes)[:4]
        return self._until(plain, found, budget)

    def _until(self, plain: Fitted, found: Iterable[Patching], wanted: int) -> list[Fitted]:
        """Patchings until the arena is as small as wanted."""
        tried: list[Fitted] = []
        for each in found:
            tried.append(self._patched(plain, each))
            if tried[-1].arena_bytes <= wanted:
                break
        return tried

    def _patched(self, plain: Fitted, patching: Patching) -> Fitted:
        fitted = self.lean(self.plain(patching.graph))
        trade = _patches_trade(plain.graph, patching, plain.arena_bytes - fitted.arena_bytes)
        return self.shrink(replace(fitted, trades=(trade,)))

    def _within(self, fitted: Fitted) -> bool:
        budget = self._options.ram_budget_bytes
        return not fitted.layers or (budget is not None and fitted.arena_bytes <= budget)


def _promising(found: list[Patching]) -> list[Patching]:
    """Of the stages that can need least, each in a few numbers of patches."""
    ranked = dict.fromkeys(each.stage for each in sorted(found, key=_floor_bytes))
    counts = (
        sorted((each for each in found if each.stage == stage), key=lambda each: each.count)
        for stage in list(ranked)[:_STAGES]
    )
    return [each for group in counts for each in group[:_COUNTS]]


def _floor_bytes(patching: Patching) -> int:
    return patching.floor_bytes


def _patches_trade(graph: Graph, patching: Patching, saved: int) -> str:
    stage = patching.stage
    first, last = (graph.layer_name(graph.ops[i]) for i in (stage.begin, stage.end - 1))
    share = 100 * abs(patching.more_macs) / max(total_macs(graph), 1)
    how = "more" if patching.more_macs >= 0 else "fewer"
    return (
        f"layers '{first}' to '{last}': {patching.count} patches instead of whole tensors save "
        f"{saved} bytes of RAM for {abs(patching.more_macs)} {how} MACs ({share:.1f} %)"
    )


def _trade(before: Candidate, after: Candidate, saved: int, options: CodegenOptions) -> str:
    known = ""
    if before.cost is not None and after.cost is not None:
        known = f" for about {after.cost - before.cost:.0f} {cost_unit(options.family)}"
    (old,), (new,) = before.layers, after.layers
    kernels = f"{new.kernel.name} instead of {old.kernel.name}"
    return f"layer '{old.name}': {kernels} saves {saved} bytes of RAM{known}"
