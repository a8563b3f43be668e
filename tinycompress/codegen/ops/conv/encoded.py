"""CONV_2D whose weights are encoded: the fast kernels, on tiles that are decoded in RAM.

A tile has some groups of output channels. All of them at once are decoded once for an inference;
smaller tiles need less memory, and the kernel reads its input again for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tinycompress.codegen.layer import (
    Argument,
    ConstArray,
    EncodedWeights,
    Kernel,
    Layer,
    ParamValue,
    ScratchArgument,
)
from tinycompress.codegen.ops.conv import orders
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import Numbers
from tinycompress.codegen.weights.encoding import Encoded
from tinycompress.codegen.weights.encodings import TILED, smaller_encodings
from tinycompress.codegen.weights.lut import by_vectors
from tinycompress.codegen.weights.streams import thumb1_words
from tinycompress.codegen.weights.tiles import (
    GroupWords,
    TileParams,
    rows_of,
    tables_of,
    tile_params,
)

_KERNELS = ("conv_1x1", "conv_2d")
_VARIANTS = ("", "rows")
_FAMILIES = ("mve", "dsp", "mla", "thumb1")
_EIGHTS = 8


def encoded_layers(
    plain: Layer, instead: Layer, count: int, options: CodegenOptions
) -> Iterator[Layer]:
    """A layer with encoded weights, by every encoding that makes them smaller, in all tiles.

    Args:
        plain: The layer by a kernel that reads its weights as they are.
        instead: The layer as it would run without encoding.
        count: How many weights it has.
        options: `weights` decides.
    """
    words = _group_words(plain)
    if options.weights == "plain" or words is None:
        return
    stream = plain.params["stream"]
    if not isinstance(stream, ConstArray):
        raise TypeError(f"layer '{plain.name}' has no stream")
    rows = rows_of(stream.data, words, plain.kernel.family)
    tables = ConstArray(stream.origin, "tables", tables_of(stream.data, words), 4)
    for each in smaller_encodings(rows, TILED):
        encoded = by_vectors(each) if plain.kernel.family == "mve" else each
        for groups in _tile_sizes(len(rows)):
            yield _Tiled(plain, instead, count, encoded, tables, words, groups).layer


def _group_words(plain: Layer) -> GroupWords | None:
    """How the weights lie in a layer's stream; None if its kernel does not run on tiles."""
    kernel, params = plain.kernel, plain.params
    known = kernel.operator in _KERNELS and kernel.variant in _VARIANTS
    if not known or kernel.family not in _FAMILIES or kernel.rounding is None:
        return None
    numbers = Numbers(params)
    if kernel.family != "thumb1":
        group_words = numbers["pair_words" if kernel.family == "dsp" else "four_words"]
    elif numbers["output_channels"] % _EIGHTS == 0:
        group_words = thumb1_words(numbers["row_bytes"])
    else:
        return None
    return GroupWords.of(kernel.family, kernel.rounding, group_words)


def _tile_sizes(groups: int) -> Iterator[int]:
    """Groups of a tile: all of them, then by powers of two fewer."""
    yield groups
    size = 1 << (groups - 1).bit_length() >> 1
    while size:
        yield size
        size >>= 1


@dataclass(frozen=True, eq=False)
class _Tiled:
    """A layer by one encoding, in tiles of one size."""

    plain: Layer
    instead: Layer
    count: int
    encoded: Encoded
    tables: ConstArray
    words: GroupWords
    tile_groups: int

    @property
    def groups(self) -> int:
        return self.tables.data.size // (self.words.head + self.words.tail)

    @property
    def tiles(self) -> int:
        """How many there are; channels that are no whole group are one of their own."""
        whole = self.plain.output_shape[-1] // self.words.channels
        return -(-whole // self.tile_groups) + self.groups - whole

    @property
    def layer(self) -> Layer:
        plain, order = self.plain, self.plain.order
        tile = tile_params(self.encoded, 4 * self.words.weights)
        return replace(
            plain,
            kernel=_kernel(plain.kernel, self.encoded),
            params={**_of_conv(plain), **self._numbers, **_of_tile(tile, self.tables.origin)},
            arguments=(*plain.arguments, *self._memory(tile)),
            order=orders.on_one_tile(order) if order is not None and self.tiles == 1 else None,
            leaner_kin=f"{self.encoded.encoding}, {self.encoded.detail}",
            encoded=self._weights,
        )

    @property
    def _numbers(self) -> dict[str, ParamValue]:
        words = self.words
        return {
            "weights.tables": self.tables,
            "weights.groups": self.groups,
            "weights.tile_groups": self.tile_groups,
            "weights.weight_words": words.weights,
            "weights.head_words": words.head,
            "weights.tail_words": words.tail,
            "weights.channels": words.channels,
        }

    @property
    def _weights(self) -> EncodedWeights:
        encoded = self.encoded
        return EncodedWeights(
            encoding=encoded.encoding,
            detail=encoded.detail,
            size_bytes=encoded.size_bytes,
            weights=self.count,
            symbols=encoded.symbols,
            entries=encoded.entries,
            instead=self.instead,
            on_tiles=self.plain,
            tiles=self.tiles,
        )

    def _memory(self, tile: TileParams) -> tuple[Argument, ...]:
        over = max(tile.over_bytes - 4 * self.words.tail, 0)
        return (
            ScratchArgument("uint32_t", 4 * self.tile_groups * self.words.all + over),
            ScratchArgument("uint32_t", tile.table_bytes),
        )


def _of_conv(plain: Layer) -> dict[str, ParamValue]:
    """The parameters of the kernel that runs on tiles."""
    without = ("stream", "stream_words")
    return {f"conv.{key}": value for key, value in plain.params.items() if key not in without}


def _of_tile(tile: TileParams, origin: str) -> dict[str, ParamValue]:
    arrays = {key: ConstArray(origin, key, data, 4) for key, data in tile.arrays.items()}
    found: dict[str, ParamValue] = {**tile.numbers, **arrays}
    return {f"weights.{key}": value for key, value in found.items()}


def _kernel(plain: Kernel, encoded: Encoded) -> Kernel:
    return replace(
        plain,
        room=f"conv/encoded/{encoded.encoding}",
        params=f"{plain.operator}_encoded_s8_{plain.family}",
        variant="_".join(part for part in (plain.variant, encoded.encoding) if part),
    )
