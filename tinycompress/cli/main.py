"""The ``tinycompress`` command: the group, and how errors become messages and exit codes."""

from __future__ import annotations

import logging
import sys
import traceback

import click

from tinycompress._console import messages_console
from tinycompress._version import __version__
from tinycompress.cli.bench import bench_command
from tinycompress.cli.boards import boards_group
from tinycompress.cli.build import build_command
from tinycompress.cli.carray import carray_command
from tinycompress.cli.compress import compress_command, recipes_command
from tinycompress.cli.convert import convert_command
from tinycompress.cli.doctor import doctor_command
from tinycompress.cli.flash import flash_command
from tinycompress.cli.inspect import inspect_command
from tinycompress.cli.ports import ports_command
from tinycompress.cli.serve import serve_command
from tinycompress.errors import TinyCompressError

_INTERRUPTED = 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.version_option(__version__, "-V", "--version", prog_name="tinycompress")
@click.option("-v", "--verbose", count=True, help="Say more (twice: everything).")
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
@click.option("--debug", is_flag=True, help="Show tracebacks and the chatter of libraries.")
@click.pass_context
def main(context: click.Context, verbose: int, quiet: bool, debug: bool) -> None:
    """From a trained Keras model to measured int8 firmware on a Cortex-M board.

    \b
    tinycompress build digits.keras --data calib.npz --board nano33
    tinycompress bench digits-nano33 --samples test.npz

    Exit codes: 0 ok, 1 unexpected, 2 usage or configuration, 3 model not supported,
    4 does not fit, 5 toolchain, 6 port or flashing, 7 device, 8 outputs differ.
    """
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(2, 2 if debug else verbose)]
    logging.basicConfig(level=logging.ERROR if quiet else level, format="%(name)s: %(message)s")
    context.obj = {"quiet": quiet, "debug": debug}


for _command in (
    build_command,
    bench_command,
    convert_command,
    compress_command,
    recipes_command,
    carray_command,
    inspect_command,
    flash_command,
    ports_command,
    serve_command,
    boards_group,
    doctor_command,
):
    main.add_command(_command)


def run() -> None:
    """Entry point: run the command line and end the process with the documented exit code."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        code = main.main(arguments, prog_name="tinycompress", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        # The reader of our output (head, less) went away: not an error of ours.
        sys.stderr.close()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in arguments:
            traceback.print_exc()
        return _explain(error)


def _explain(error: BaseException) -> int:
    if isinstance(error, TinyCompressError):
        _show(error.message, error.hint)
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        _show("interrupted", None)
        return _INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    _show(
        f"unexpected {type(error).__name__}: {error}",
        "this is a fault of tinycompress; run `tinycompress --debug ...` and report the traceback",
    )
    return 1


def _show(message: str, hint: str | None) -> None:
    console = messages_console()
    console.print("[bold red]error:[/] ", end="")
    console.print(message, markup=False, soft_wrap=True)
    if hint:
        console.print("[bold cyan]hint:[/] ", end="")
        console.print(hint, markup=False, soft_wrap=True)
