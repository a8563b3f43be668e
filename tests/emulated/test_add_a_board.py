"""A new board of a known family is one TOML file: firmware is built for it, and runs there."""

from __future__ import annotations

from pathlib import Path

from support.common import ROOT

from tinycompress import pipeline
from tinycompress.boards import load_board
from tinycompress.elf import read_elf

MODEL = ROOT / "examples" / "digits" / "digits_int8.tflite"

BOARD = """\
schema  = 1
id      = "garden_sensor"
name    = "Garden sensor"
kind    = "hardware"
mcu     = "nrf52833"
family  = "nrf52"
url     = "https://example.org/garden"
aliases = ["garden"]
memory = [
  { name = "APP",  kind = "flash", origin = 0x0002_6000, length = 0x0004_0000, holds = ["code"] },
  { name = "TOP",  kind = "ram", origin = 0x2000_4000, length = 0x2000, holds = ["stack"] },
  { name = "LOW",  kind = "ram", origin = 0x2000_8000, length = 0x8000, holds = ["data"] },
  { name = "HIGH", kind = "ram", origin = 0x2001_0000, length = 0x8000, holds = ["arena"] },
]
flash = [{ method = "jlink", image = "hex", device = "nRF52833_xxAA", speed_khz = 1000 }]
source = [{ what = "all", ref = "made up for a test" }]

[cpu]
core      = "cortex-m4"
fpu       = "fpv4-sp-d16"
float_abi = "hard"
dsp       = true
clock_hz  = 64_000_000

[budget]
stack_bytes = 4_096
heap_bytes  = 0

[timer]
source = "dwt"
hz     = 64_000_000
counts = "cycles"

[serial]
transport = "uart"
baud      = 57_600
uart      = { instance = "UART0", tx = "P1.01", rx = "P0.31" }

[emulator]
family                  = "nrf52"
flash_wait_states       = 2
flash_read_bytes        = 16
instruction_cache_bytes = 2_048
data_cache_bytes        = 0
"""


def test_firmware_for_a_board_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "garden_sensor.toml"
    file.write_text(BOARD)
    board = load_board(str(file))
    built = pipeline.build(MODEL, file, output=tmp_path / "firmware").firmware
    assert built.project.board_id == "garden_sensor"
    code = board.region_for("code")
    addresses = [s.physical_address for s in read_elf(built.elf).segments if s.data]
    assert addresses
    assert all(code.origin <= address < code.end for address in addresses)
    readme = (tmp_path / "firmware" / "README.md").read_text()
    for told in ("Garden sensor", "57600 baud", "P1.01", "JLinkExe -device nRF52833_xxAA"):
        assert told in readme
    result = pipeline.bench(tmp_path / "firmware", board=file, runs=1)
    assert (result.samples > 0, result.mismatched_samples) == (True, 0)
    assert (result.board_id, result.transport) == ("garden_sensor", "virtual")
