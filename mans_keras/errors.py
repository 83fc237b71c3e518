"""The one exception that a command turns into a line of text and a non-zero exit, and what such lines share."""

import sys


class InputError(ValueError):
    """The input is not what it must be; the message says what is wrong and what would be right."""


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
