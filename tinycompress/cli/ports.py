"""``tinycompress ports``."""

from __future__ import annotations

import click

from tinycompress.cli.options import json_option, print_json


@click.command("ports")
@json_option
def ports_command(as_json: bool) -> None:
    """List the serial ports, and which boards they belong to."""
    from tinycompress.cli import render_devices
    from tinycompress.pipeline.machine import owned_ports

    ports = owned_ports()
    if as_json:
        print_json(render_devices.ports_json(ports))
    else:
        render_devices.print_ports(ports)
