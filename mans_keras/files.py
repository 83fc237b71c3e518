"""How every result is written: whole, or not at all."""

import contextlib
import os
import secrets
from pathlib import Path


@contextlib.contextmanager
def replacing(path, suffix=""):
    """Yield a path to write to; what was written there takes the place of `path` in one step when the block ends.

    A reader of `path` sees the whole old file or the whole new one, however many write it at once: each writes under a
    name of its own, and the last to end stays. If the block raises, the old file stays and nothing else is
    left. A killed process leaves its half behind, named like `.m.h5.0a1b2c3d.part.h5`. No reader takes that for a
    result, and no writer removes it, since whoever writes it may still be alive; it may be deleted by hand.

    Args:
        suffix: ends the name to write to, for writers that choose a format by it. Without one it ends with `.part`,
            so that no search for files of the kind of `path` finds it.

    Raises `OSError` if the folder of `path` can't be made or `path` can't be replaced.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path = path.resolve()  # a link stays one
    # A name has 255 bytes at most: one of nearly as many gets no longer.
    part = path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.part{suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
