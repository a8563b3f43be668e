"""``tinycompress ports``."""

from __future__ import annotations

import click

from tinycompress.cli.options import json_option, print_json


@click.command("ports")
@json_option
def ports_command(as_json: bool) -> None:
    """List the serial ports, and which boards they belong to."""
    from tinycompress.boards import list_boards
    from tinycompress.cli import render_devices
    from tinycompress.device.ports import list_serial_ports

    ports, boards = list_serial_ports(), list_boards()
    if as_json:
        print_json(render_devices.ports_json(ports, boards))
    else:
        render_devices.print_ports(ports, boards)
