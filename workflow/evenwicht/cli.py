"""The command `evenwicht`: one subcommand for each module of `commands`."""

import argparse
import sys
from collections.abc import Sequence

from evenwicht.base.errors import EvenwichtError
from evenwicht.commands import new

COMMANDS = {"new": new}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit code; an error that the user can fix is told in its own words alone.

    Parameters
    ----------
    arguments
        Those of the command line if left out.
    """
    parser = argparse.ArgumentParser(prog="evenwicht", description="Own projects of the evenwicht workflow.")
    subcommands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        does = str(module.__doc__).partition("\n")[0]
        module.add(subcommands.add_parser(name, help=does, description=does))
    given = parser.parse_args(arguments)
    try:
        return COMMANDS[given.command].run(given)
    except EvenwichtError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
