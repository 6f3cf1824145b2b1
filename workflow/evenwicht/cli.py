"""The command `evenwicht`."""

import argparse
import sys
from collections.abc import Sequence

from evenwicht.base.errors import EvenwichtError
from evenwicht.commands import COMMANDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code: 0, or that of the class of an error (`base.errors`)."""
    parser = argparse.ArgumentParser(prog="evenwicht", description="Weigh life-course exposures against policies.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        about = (command.__doc__ or "").splitlines()[0]
        own = commands.add_parser(command.NAME, help=about, description=about)
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except EvenwichtError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
