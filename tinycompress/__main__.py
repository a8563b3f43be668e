"""``python -m tinycompress``."""

from tinycompress.cli.main import run

if __name__ == "__main__":
    run()
