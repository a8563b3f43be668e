"""Compression rates and speed-up: against the float32 model first, then against plain int8."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.results import compression, stage_row

from tinycompress.cli.answers.compress import print_rows
from tinycompress.compression.run.rates import Rates, rates, rows_with_rates
from tinycompress.compression.run.result import StageRow
from tinycompress.reporting import report

FIRST = stage_row(
    0, "original", b"dense", parameters=1000, nonzero_parameters=990,
    figures={"weights_bytes": 1200, "flash_bytes": 6000, "latency_us": 900.0, "fits": 1},
)  # fmt: skip
LAST = stage_row(
    1, "prune", b"pruned", parameters=500, nonzero_parameters=250,
    figures={"weights_bytes": 400, "flash_bytes": 4000, "latency_us": 300.0, "fits": 1},
)  # fmt: skip


def test_rates_are_what_it_was_over_what_it_is() -> None:
    found = rates(FIRST, LAST)
    assert found == Rates(
        parameters=4.0, float32_bytes=10.0, int8_weights_bytes=3.0, int8_flash_bytes=1.5,
        speed_up=3.0,
    )  # fmt: skip
    # The plain int8 file already takes less than float32 did.
    assert rates(FIRST, FIRST).float32_bytes == pytest.approx(4000 / 1200)
    assert rates(FIRST, FIRST).speed_up == 1.0


@pytest.mark.parametrize("figures", [{}, {"fits": 0}])
def test_without_a_board_or_room_only_parameters_are_compared(figures: dict[str, int]) -> None:
    nothing = Rates(parameters=4.0)
    assert rates(stage_row(0, "original", b"", parameters=1000, figures={}), LAST) == Rates(
        4.0, float32_bytes=10.0
    )
    last = stage_row(1, "prune", b"", nonzero_parameters=250, figures=figures)
    assert rates(FIRST, last) == nothing


def test_a_row_in_json_has_its_rates_and_is_read_back_without_them() -> None:
    first, last = rows_with_rates([FIRST, LAST])
    assert first["rates"]["int8_flash_bytes"] == 1.0
    assert last["rates"] == {
        "parameters": 4.0, "float32_bytes": 10.0, "int8_weights_bytes": 3.0,
        "int8_flash_bytes": 1.5, "speed_up": 3.0,
    }  # fmt: skip
    assert StageRow.from_json(LAST.to_json()).parameters == 500
    json.dumps(last)


def test_the_table_and_the_report_tell_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_rows([FIRST, LAST], title="t")
    out = capsys.readouterr().out
    assert "Compression rate α and speed-up δ" in out
    (row,) = (line for line in out.splitlines() if "4.00x" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "prune", "4.00x", "10.00x", "3.00x", "1.50x", "3.00x",
    ]  # fmt: skip
    text = report(compression(tmp_path, FIRST, LAST), format="md").text
    assert "| α parameters | α of float32 | α of int8 flash | δ of int8 |" in text
    assert "| 4.00× | 10.00× | 1.50× | 3.00× |" in text
