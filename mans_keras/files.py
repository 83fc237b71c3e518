"""Writing a file completely or not at all."""

import contextlib
import os
import secrets
from pathlib import Path


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

    Raises `OSError` if the folder of `path` can't be made or `path` can't be replaced.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path = path.resolve()  # if `path` is a link, it stays a link
    # A name has at most 255 bytes, so the temporary name takes only the start of a long one.
    part = path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.part{suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
