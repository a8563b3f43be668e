"""The host's side of docs/serial-protocol.md: frames, payloads, requests."""
