"""Operators on single elements of one or two inputs."""
