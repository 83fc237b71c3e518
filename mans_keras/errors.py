"""The exception for bad input, which a command prints as one line, and the exit codes of the commands."""

import os
import sys


class InputError(ValueError):
    """The input is wrong. The message says what was found, where, and what to do."""


def utf8(name):
    """A file's name as text that is valid UTF-8, for HDF5 and pictures: other bytes are written like `\\xe9`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def printable(text):
    """A text for a terminal: line breaks and control characters, which a file's name may have, are escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text))


def listed(names):
    """The first five names, and dots if there are more: "a, b, c, d, e, ..."."""
    return ", ".join(map(printable, names[:5])) + (", ..." if len(names) > 5 else "")


def counted(number, noun):
    """A number and its noun: "1 epoch", "2 epochs"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def exit_code(main, interrupted="interrupted: run the same command again to resume"):
    """Run the `main()` of a command. Returns 0; after one line on stderr 1 for bad input, 130 if interrupted.

    interrupted: that line if the command is interrupted.
    """
    try:
        main()
    except (InputError, OSError) as error:
        print(f"Error: {printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        return 130
    return 0
