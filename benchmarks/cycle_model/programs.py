"""The two programs, from the upstream checkouts of whoever runs this: how they are built, checked.

CoreMark 1.0: https://github.com/eembc/coremark. Dhrystone 2.1 (Reinhold Weicker, SIGPLAN Notices
23/8, 1988): any copy with ``dhry.h``, ``dhry_1.c`` and ``dhry_2.c``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinycompress.errors import ConfigError

_BENCHMARKS = Path(__file__).resolve().parents[1]
# VAX 11/780's Dhrystones per second, by definition one MIPS.
_DHRYSTONES_PER_MIPS = 1757
_KNOWN_CRCS = {"crc_list": 0xE714, "crc_matrix": 0x1FD7, "crc_state": 0x8E3A}

ReadWords = Callable[[str, int, int], tuple[int, ...]]
"""Little-endian unsigned numbers at a symbol: its name, how many, how many bytes each has."""


@dataclass(frozen=True)
class Program:
    """One benchmark.

    ``upstream`` are files of the checkout; ``port`` are ours, in ``port_directory``.
    ``flags`` beside those of the core and the level of optimization. ``score`` are units per MHz,
    from iterations and cycles. ``problem`` says what is wrong with the results that the program
    left in memory, None if nothing is.
    """

    name: str
    unit: str
    upstream: tuple[str, ...]
    port: tuple[str, ...]
    port_directory: Path
    flags: tuple[str, ...]
    iterations: int
    score: Callable[[int, int], float]
    problem: Callable[[ReadWords, int], str | None]

    def sources(self, checkout: Path) -> tuple[Path, ...]:
        """All files to compile.

        Raises:
            ConfigError: ``checkout`` lacks one.
        """
        paths = tuple(checkout / name for name in self.upstream)
        for path in paths:
            if not path.is_file():
                raise ConfigError(f"{checkout} is no checkout of {self.name}: {path} is missing")
        return (*paths, *(self.port_directory / name for name in self.port))


def _differences(expected: Mapping[str, int], found: Mapping[str, int]) -> str | None:
    wrong = [f"{name} is {found[name]:#x}, not {expected[name]:#x}" for name in expected
             if found[name] != expected[name]]  # fmt: skip
    return "; ".join(wrong) or None


def _coremark_problem(words: ReadWords, _iterations: int) -> str | None:
    expected = {"errors": 0, **_KNOWN_CRCS}
    found = words("tc_coremark_result", len(expected), 4)
    return _differences(expected, dict(zip(expected, found, strict=True)))


def _dhrystone_problem(words: ReadWords, iterations: int) -> str | None:
    expected = {
        "Int_Glob": 5, "Bool_Glob": 1, "Ch_1_Glob": ord("A"), "Ch_2_Glob": ord("B"),
        "Arr_1_Glob[8]": 7, "Arr_2_Glob[8][7]": iterations + 10,
    }  # fmt: skip
    found = {
        "Int_Glob": words("Int_Glob", 1, 4)[0],
        "Bool_Glob": words("Bool_Glob", 1, 4)[0],
        "Ch_1_Glob": words("Ch_1_Glob", 1, 1)[0],
        "Ch_2_Glob": words("Ch_2_Glob", 1, 1)[0],
        "Arr_1_Glob[8]": words("Arr_1_Glob", 50, 4)[8],
        "Arr_2_Glob[8][7]": words("Arr_2_Glob", 2500, 4)[8 * 50 + 7],
    }
    return _differences(expected, found)


COREMARK = Program(
    name="CoreMark",
    unit="CoreMark/MHz",
    upstream=("core_list_join.c", "core_main.c", "core_matrix.c", "core_state.c", "core_util.c"),
    port=("core_portme.c",),
    port_directory=_BENCHMARKS / "coremark_port",
    flags=("-std=c11", "-DPERFORMANCE_RUN=1"),
    iterations=10,
    score=lambda iterations, cycles: iterations * 1e6 / cycles,
    problem=_coremark_problem,
)

# Its ground rules: two files compiled apart, procedures not merged. Its C is that of 1988.
DHRYSTONE = Program(
    name="Dhrystone",
    unit="DMIPS/MHz",
    upstream=("dhry_1.c", "dhry_2.c"),
    port=("dhrystone_port.c",),
    port_directory=_BENCHMARKS / "dhrystone_port",
    flags=(
        "-std=gnu89", "-fno-inline", "-fno-builtin-printf", "-fno-builtin-scanf", "-DTIME",
        "-Dmain=dhrystone_main",
    ),
    iterations=2000,
    score=lambda iterations, cycles: iterations * 1e6 / cycles / _DHRYSTONES_PER_MIPS,
    problem=_dhrystone_problem,
)  # fmt: skip
