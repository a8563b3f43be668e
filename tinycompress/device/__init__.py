"""Connections to devices: serial ports, emulated boards, QEMU; flashing tools."""
