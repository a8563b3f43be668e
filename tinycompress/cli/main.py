"""The ``tinycompress`` command: the group, and how errors become messages and exit codes."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import click

from tinycompress._version import __version__
from tinycompress.cli.bench import bench_command
from tinycompress.cli.boards import boards_group
from tinycompress.cli.build import build_command
from tinycompress.cli.carray import carray_command
from tinycompress.cli.chain import chain_command
from tinycompress.cli.compare import compare_command
from tinycompress.cli.compress import compress_command, recipes_command
from tinycompress.cli.confirm import confirm_command
from tinycompress.cli.convert import convert_command
from tinycompress.cli.doctor import doctor_command
from tinycompress.cli.failure import describe, note_settings, show
from tinycompress.cli.fit import fit_group
from tinycompress.cli.flash import flash_command
from tinycompress.cli.init import init_command
from tinycompress.cli.inspect import inspect_command
from tinycompress.cli.invocation import Invocation, print_answer, read_settings
from tinycompress.cli.options import PATH
from tinycompress.cli.ports import ports_command
from tinycompress.cli.report import report_command
from tinycompress.cli.serve import serve_command
from tinycompress.cli.settings import COMMANDS
from tinycompress.cli.verbosity import take_behind, verbosity_options


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.version_option(__version__, "-V", "--version", prog_name="tinycompress")
@verbosity_options()
@click.option(
    "--config",
    type=PATH,
    metavar="FILE",
    help="Take options from this file.  [default: tinycompress.toml here or in a parent directory]",
)
@click.option("--isolated", is_flag=True, help="Take no options from any file.")
@click.pass_context
def main(context: click.Context, config: Path | None, isolated: bool) -> None:
    """From a trained Keras model to measured int8 firmware on a Cortex-M board.

    \b
    tinycompress build digits.keras --data calib.npz --board nano33
    tinycompress bench digits-nano33 --samples test.npz

    -v, -q and --debug may also stand behind the command.

    Exit codes: 0 ok, 1 unexpected, 2 usage or configuration, 3 model not supported,
    4 does not fit, 5 toolchain, 6 port or flashing, 7 device,
    8 outputs differ or cannot be compared, 9 worse than the baseline.
    """
    logging.basicConfig(format="%(name)s: %(message)s")
    invoked = context.ensure_object(Invocation)
    invoked.config, invoked.isolated = config, isolated
    # Help tells what is so without the file, and also where the file is broken.
    if context.invoked_subcommand in COMMANDS and not {"-h", "--help"} & set(invoked.arguments):
        context.default_map = read_settings().default_map()


for _command in (
    init_command,
    build_command,
    bench_command,
    convert_command,
    compare_command,
    compress_command,
    recipes_command,
    fit_group,
    carray_command,
    chain_command,
    inspect_command,
    report_command,
    flash_command,
    ports_command,
    serve_command,
    boards_group,
    confirm_command,
    doctor_command,
):
    take_behind(_command)
    main.add_command(_command)


def run() -> None:
    """Entry point: run the command line and end the process with the documented exit code."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        return call(arguments)
    except BrokenPipeError:
        # The reader of our output (head, less) went away: not an error of ours.
        sys.stderr.close()
        return 0


def call(arguments: list[str]) -> int:
    """Run the command line and print its answer or its error; returns the exit code."""
    invoked = Invocation(arguments=arguments)
    try:
        code = main.main(arguments, prog_name="tinycompress", standalone_mode=False, obj=invoked)
        print_answer(invoked.answer, None)
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if _asked_for("--debug", arguments):
            traceback.print_exc()
        code = show(error)
        note_settings(error, invoked.settings)
        if _asked_for("--json", arguments):
            print_answer(invoked.answer, describe(error))
        return code


def _asked_for(option: str, arguments: list[str]) -> bool:
    """Whether an option is among the arguments, which may be too wrong for click to say so."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return option in arguments[:end]
