"""The one exception that a command turns into a line of text and a non-zero exit, and what such lines share."""

import os
import sys


class InputError(ValueError):
    """The input is not what it must be; the message says what is wrong and what would be right."""


def utf8(name):
    """A file's name as text that UTF-8 can hold, and so HDF5 and pictures: other bytes of it as `\\xe9`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def listed(names):
    """The first five, and dots for the others: "a, b, c, d, e, ..."."""
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def exit_code(main):
    """Run `main()` for a command: 0, or 1 after one line on stderr for bad input, 130 when interrupted."""
    try:
        main()
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: run the same command again to go on", file=sys.stderr)
        return 130
    return 0
