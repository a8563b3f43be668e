"""Projects, frameworks and toolchains for tests."""
