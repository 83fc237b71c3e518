"""Writing a file completely or not at all."""

import contextlib
import errno
import os
import secrets
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, the user's share of it, or the largest file is full


def write_error(path, error):
    """The message for an `OSError` in writing `path`; on a full disk it says what to do."""
    advice = ". Make room there, then run the same command again" if error.errno in FULL else ""
    reason = os.strerror(error.errno) if error.errno else error  # HDF5 adds to it what a programmer wants to know
    return f"{path} can't be written: {reason}{advice}"


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises `OSError`, whose message names the folder, if that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        file = next((place for place in (path, *path.parents) if place.is_file()), None)
        reason = f"{file} is a file" if file else os.strerror(error.errno)
        raise OSError(f"the folder {path} can't be made: {reason}") from None


@contextlib.contextmanager
def replacing(path, suffix=""):
    """Yield a temporary path to write to. When the block ends, that file replaces `path` in one step.

    A reader of `path` sees the complete old file or the complete new file, even if several processes write it at the
    same time: each has its own temporary file, and the last one to finish wins. If the block raises, the old file stays
    and the temporary file is removed. A killed process leaves its temporary file, named like `.m.h5.0a1b2c3d.part.h5`.
    Nobody reads it as a result. Nobody removes it, since its writer might still be alive: delete it by hand.

    Args:
        suffix: the end of the temporary name, for writers that choose a format by it. Without a suffix the name ends
            with `.part`, so that a search for files like `path` does not find it.

    Raises `OSError` if the folder of `path` can't be made or `path` can't be replaced, and in place of the block's own
    if the disk is full or the temporary file can't be made: the message names `path`.
    """
    path = Path(path)
    make_folder(path.parent)
    path = path.resolve()  # if `path` is a link, it stays a link
    # A name has at most 255 bytes, so the temporary name takes only the start of a long one.
    part = path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.part{suffix}")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        if error.errno not in FULL and error.filename != str(part):
            raise
        raise OSError(write_error(path, error)) from None
    finally:
        part.unlink(missing_ok=True)
