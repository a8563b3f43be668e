"""What a board file may say: one frozen ``Board``, every table and key with its unit.

Only the shape of a file is here (keys, types, ranges), and that of its ``flash`` tables in
``flashing/``. What the tables must say of one another is
in ``boards/rules.py``; reading files is in ``boards/loader.py``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tinycompress._tables import PositiveWord32, Table, UsbId, Word32
from tinycompress.artifacts import FrameworkName, TransportName
from tinycompress.errors import BoardError
from tinycompress.flashing.registry import FlashTable

Core = Literal["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"]
Fpu = Literal["none", "fpv4-sp-d16", "fpv5-sp-d16", "fpv5-d16"]
Purpose = Literal["boot2", "boot_header", "code", "data", "stack", "arena"]
"""What the linker script places in a region.

``boot2``: the RP2040's second-stage boot loader. ``boot_header``: what an i.MX RT's boot ROM reads
before the program. ``code``: vectors, code, constants and the load
image of ``.data``. ``data``: ``.data`` and ``.bss``. ``stack`` and ``arena``: as named.
"""

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Alias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_:.-]{0,63}$")]
# The name is printed into C comments, CMake and Markdown: letters, digits and plain punctuation.
PlainText = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ,.:()+/_-]{0,79}$")]
PinName = Annotated[str, Field(pattern=r"^(GPIO_[A-Z0-9_]{1,12}|[A-Z]{1,2}[0-9.]{1,4})$")]
Url = Annotated[str, Field(pattern=r"^https://[!-~]+$")]

_MICROS_HZ = 1_000_000


class MemoryRegion(Table):
    """One contiguous stretch of memory that the firmware may use. Bytes and byte addresses."""

    name: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,15}$")]
    kind: Literal["flash", "ram"]
    origin: Word32
    length: PositiveWord32
    holds: tuple[Purpose, ...]

    @property
    def end(self) -> int:
        """First address after the region."""
        return self.origin + self.length


class Source(Table):
    """Where the numbers of ``what`` were read: a public file or a section of a manual."""

    what: Annotated[str, Field(min_length=1)]
    ref: Annotated[str, Field(min_length=1)]


class Cpu(Table):
    """The processor core as the firmware runs it."""

    core: Core
    fpu: Fpu
    float_abi: Literal["soft", "hard"]
    dsp: bool
    mve: bool = False
    clock_hz: PositiveWord32


class Budget(Table):
    """RAM that is set aside before the model gets any."""

    stack_bytes: PositiveWord32
    heap_bytes: Word32


class Timer(Table):
    """The counter behind ``tc_platform_ticks``."""

    source: Literal["dwt", "systick", "tim2", "cmsdk_timer0", "sse_counter"]
    hz: PositiveWord32
    counts: Literal["cycles", "instructions"]


class Uart(Table):
    """The UART that the firmware talks over. Pins in the vendor's spelling (P1.03, PA2, GP0)."""

    instance: Annotated[str, Field(pattern=r"^[A-Z]{3,6}[0-9]{0,2}$")]
    tx: PinName | None = None
    rx: PinName | None = None
    alternate_function: Annotated[int, Field(ge=0, le=15)] | None = None


class Serial(Table):
    """How the host reaches the firmware.

    ``usb_ids`` are the (vendor, product) pairs under which the port appears; none when an external
    adapter is needed. With ``usb-cdc`` the firmware itself is the USB device, under the first of
    them; ``uart`` then tells the pins of the alternative.
    """

    transport: TransportName
    baud: PositiveWord32
    usb_ids: tuple[UsbId, ...] = ()
    uart: Uart


class Energy(Table):
    """A free pin, in the vendor's spelling, that is high while the model runs."""

    pin: PinName


class Emulator(Table):
    """What the virtual board needs besides the memory map.

    ``family`` names the set of peripherals. ``flash_wait_states`` are core cycles that a read of
    flash costs beyond the first when nothing buffers it; ``flash_read_bytes`` is how much one such
    read brings. ``*_cache_bytes`` are what buffers it (0: none); a cache that serves code and
    constants alike counts as ``instruction_cache_bytes``.
    """

    family: Identifier
    flash_wait_states: Annotated[int, Field(ge=0, le=1023)]
    flash_read_bytes: Literal[2, 4, 8, 16, 32]
    instruction_cache_bytes: Word32
    data_cache_bytes: Word32


class Qemu(Table):
    """How ``qemu-system-arm`` runs the board's firmware. ``timeout_s`` is wall-clock seconds."""

    machine: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    icount_shift: Annotated[int, Field(ge=0, le=10)]
    semihosting_exit: bool
    timeout_s: Annotated[int, Field(gt=0, le=3600)]
    tested_version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)?$")]


class Arduino(Table):
    """The board in Arduino's tools: ``fqbn`` is its fully qualified board name.

    ``clock_hz`` is what the Arduino core runs the processor at, where that is not `Cpu.clock_hz`.
    """

    fqbn: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+(:[A-Za-z0-9_=,.-]+)?$"),
    ]
    clock_hz: PositiveWord32 | None = None


class Zephyr(Table):
    """The board in Zephyr: the name that ``west build -b`` takes, with qualifiers if need be.

    ``clock_hz`` is what Zephyr runs the processor at, where that is not `Cpu.clock_hz`.
    """

    board: Annotated[str, Field(pattern=r"^[a-z0-9_]+(@[A-Za-z0-9.]+)?(/[a-z0-9_]+)*$")]
    clock_hz: PositiveWord32 | None = None


class Board(Table):
    """One board file.

    ``family`` names the directory below ``firmware_templates/mcu/`` whose ``platform.c`` serves the
    board. ``flash`` is in order of preference and empty for a board that exists only in QEMU.
    """

    schema_: Literal[1] = Field(alias="schema")
    id: Identifier
    name: PlainText
    kind: Literal["hardware", "qemu"]
    mcu: Identifier
    family: Identifier
    url: Url
    aliases: tuple[Alias, ...]
    memory: Annotated[tuple[MemoryRegion, ...], Field(min_length=1)]
    cpu: Cpu
    budget: Budget
    timer: Timer
    serial: Serial
    flash: tuple[FlashTable, ...] = ()
    energy: Energy | None = None
    emulator: Emulator
    qemu: Qemu | None = None
    arduino: Arduino | None = None
    zephyr: Zephyr | None = None
    source: Annotated[tuple[Source, ...], Field(min_length=1)]

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash that an application may fill."""
        return sum(region.length for region in self.memory if region.kind == "flash")

    @property
    def ram_bytes(self) -> int:
        """Bytes of RAM in all listed regions."""
        return sum(region.length for region in self.memory if region.kind == "ram")

    def over(self, transport: TransportName) -> Board:
        """The same board with its firmware talking over another transport that it has.

        Raises:
            BoardError: It has no such transport.
        """
        if transport == self.serial.transport:
            return self
        if (self.serial.transport, transport) != ("usb-cdc", "uart"):
            raise BoardError(
                f"{self.id}: no transport {transport!r}; its firmware talks over "
                f"{self.serial.transport!r}",
                hint='boards with a choice say transport = "usb-cdc" in their file',
            )
        # The pins need an adapter, whose USB ids nobody knows.
        serial = self.serial.model_copy(update={"transport": transport, "usb_ids": ()})
        return self.model_copy(update={"serial": serial})

    def over_chosen(self, choice: Literal["usb", "uart"] | None) -> Board:
        """`over` by the short name that users write; None leaves what the board's file says.

        Raises:
            BoardError: It has no such transport.
        """
        return self if choice is None else self.over("usb-cdc" if choice == "usb" else "uart")

    def within(self, framework: FrameworkName) -> Board:
        """The same board as a framework runs it: at its clock, with its counter of ticks.

        The DWT counts cycles whatever the framework. Without it Arduino's ``micros()`` counts
        microseconds, and Zephyr's ``k_cycle_get_32()`` cycles of the core.

        Raises:
            BoardError: The board's file does not say what the framework calls it.
        """
        if framework in ("cmake", "library"):
            return self
        table = self.arduino if framework == "arduino" else self.zephyr
        if table is None:
            key = "fqbn" if framework == "arduino" else "board"
            raise BoardError(
                f"{self.id}: its file has no [{framework}] table, so nobody knows what "
                f"{framework.capitalize()} calls the board",
                hint=f"add [{framework}] with {key} = ... to a board file of your own "
                "(docs/adding-a-board.md), or leave --framework out",
            )
        clock_hz = self.cpu.clock_hz if table.clock_hz is None else table.clock_hz
        in_micros = framework == "arduino" and self.timer.source != "dwt"
        timer = {"hz": _MICROS_HZ if in_micros else clock_hz, "counts": "cycles"}
        return self.model_copy(
            update={
                "cpu": self.cpu.model_copy(update={"clock_hz": clock_hz}),
                "timer": self.timer.model_copy(update=timer),
            }
        )

    def region_for(self, purpose: Purpose) -> MemoryRegion:
        """The region that holds ``purpose``.

        Raises:
            KeyError: No region does; a loaded board has one for all but what boot ROMs read.
        """
        for region in self.memory:
            if purpose in region.holds:
                return region
        raise KeyError(purpose)
