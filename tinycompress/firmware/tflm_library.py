"""The TFLM library that a board needs: how upstream builds it, and which parts a project uses.

Source: tensorflow/lite/micro/cortex_m_generic/README.md,
tensorflow/lite/micro/tools/make/Makefile and targets/cortex_m_generic_makefile.inc of the
tflite-micro repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tinycompress.boards.schema import Core, Cpu, Fpu
from tinycompress.errors import BoardError

VARIABLE = "TFLM_DIR"
"""Environment and CMake variable that names the upstream checkout."""

LIBRARY = "libtensorflow-microlite.a"
BUILD_TYPE = "release"
"""Without assertions and messages: what a product ships, and what the figures in docs are of."""

DOWNLOADS = "tensorflow/lite/micro/tools/make/downloads"
INCLUDE_DIRS = (
    ".",
    f"{DOWNLOADS}/flatbuffers/include",
    f"{DOWNLOADS}/gemmlowp",
    f"{DOWNLOADS}/ruy",
)
"""Where the headers are, relative to the checkout."""

CXX_COMPILE = (
    "-std=c++17", "-O2", "-ffunction-sections", "-fdata-sections", "-fno-common",
    "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables", "-DTF_LITE_STATIC_MEMORY", "-DTF_LITE_STRIP_ERROR_STRINGS",
    "-DNDEBUG", "-DCMSIS_NN",
)  # fmt: skip
"""Upstream's own flags (COMMON_FLAGS and CXXFLAGS), as a release build has them."""

CXX_WARNINGS = (
    "-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wvla",
    "-Wnon-virtual-dtor",
)  # fmt: skip
LINK = ("--specs=nano.specs",)

_MAKEFILE = "tensorflow/lite/micro/tools/make/Makefile"
# What -mfpu=auto, which upstream compiles with, takes for a core that is named without options.
_FPU_OF_CORE: Mapping[Core, Fpu] = MappingProxyType(
    {"cortex-m4": "fpv4-sp-d16", "cortex-m7": "fpv5-d16", "cortex-m33": "fpv5-sp-d16",
     "cortex-m55": "fpv5-d16"}
)  # fmt: skip


@dataclass(frozen=True)
class TflmTarget:
    """What upstream's Makefile calls a core, and the FPU where it has to be told."""

    target_arch: str
    fpu: Fpu | None = None

    @property
    def make_arguments(self) -> tuple[str, ...]:
        """Everything behind ``make``, to be run in the checkout.

        ``TARGET_TOOLCHAIN_ROOT=`` takes arm-none-eabi-gcc from PATH, the compiler that links the
        firmware as well, in place of one that upstream downloads.
        """
        fpu = () if self.fpu is None else (f"FPU={self.fpu}",)
        return (
            "-f", _MAKEFILE, "TARGET=cortex_m_generic", f"TARGET_ARCH={self.target_arch}", *fpu,
            "OPTIMIZED_KERNEL_DIR=cmsis_nn", f"BUILD_TYPE={BUILD_TYPE}", "TARGET_TOOLCHAIN_ROOT=",
            "microlite",
        )  # fmt: skip

    @property
    def make_command(self) -> str:
        """The command that builds the library, as a user types it."""
        return " ".join(("make -j4", *self.make_arguments))

    @property
    def library(self) -> str:
        """Where that command leaves the library, relative to the checkout."""
        directory = f"cortex_m_generic_{self.target_arch}_{BUILD_TYPE}_cmsis_nn_gcc"
        return f"gen/{directory}/lib/{LIBRARY}"


def tflm_target(cpu: Cpu) -> TflmTarget:
    """The target of upstream's Makefile for a core.

    Raises:
        BoardError: Upstream has none with this FPU and these extensions.
    """
    hard = cpu.float_abi == "hard"
    names: Mapping[tuple[Core, bool], str] = {
        ("cortex-m0plus", False): "cortex-m0plus",
        ("cortex-m3", False): "cortex-m3",
        ("cortex-m4", False): "cortex-m4",
        ("cortex-m4", True): "cortex-m4+fp",
        ("cortex-m7", False): "cortex-m7",
        ("cortex-m7", True): "cortex-m7+fp",
        ("cortex-m33", True): "cortex-m33",
        ("cortex-m33", False): "cortex-m33+nodsp",
        ("cortex-m55", True): "cortex-m55",
    }
    name = names.get((cpu.core, hard))
    usual_dsp = hard if cpu.core == "cortex-m33" else cpu.dsp
    if name is None or cpu.dsp != usual_dsp or (cpu.core == "cortex-m55" and not cpu.mve):
        raise BoardError(
            f"upstream's Makefile of TensorFlow Lite Micro has no target for {cpu.core} with "
            f"float ABI {cpu.float_abi}, DSP {cpu.dsp}, MVE {cpu.mve}",
            hint="use the engine that needs no library: --engine aot",
        )
    other = hard and cpu.fpu != _FPU_OF_CORE.get(cpu.core)
    return TflmTarget(name, cpu.fpu if other else None)
