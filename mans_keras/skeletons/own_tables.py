"""Tables of your own recordings, and the subjects and cameras of the files."""

import itertools
import re
import unicodedata
from collections.abc import Container
from dataclasses import replace
from pathlib import Path

from mans_keras.errors import InputError
from mans_keras.skeletons.bounds import read_bytes
from mans_keras.skeletons.formats import csv_file
from mans_keras.skeletons.own import Source
from mans_keras.skeletons.sequence import Dropped

MAX_ROWS = 200_000  # of a table of recordings; NTU RGB+D 120 has 114,480


def read_table(path: Path | str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """(names of the columns in small letters, [(line, cells)]) of a table; `InputError` if it can't be read."""
    try:
        content = read_bytes(path)
        few = sum(map(content.count, (b",", b";", b"\t", b"\n", b"\r"))) <= 10 * MAX_ROWS
        rows = list(itertools.islice(csv_file.rows(csv_file.decode(content)), MAX_ROWS + 1)) if few else []
        if not few or len(rows) > MAX_ROWS:
            raise Dropped(f"more than {MAX_ROWS:,} rows, or 10 cells in each: a row for each recording is expected")
    except Dropped as dropped:
        raise InputError(f"{path}: {dropped}") from None
    return [cell.strip().lower() for cell in rows[0][1]] if rows else [], rows[1:]


def with_table(sources: list[Source], path: Path | str) -> tuple[list[Source], list[str]]:
    """(`sources` with the subjects and cameras of a table, the files in the table that are not there).

    The table has the columns file, subject and, if known, camera, with whole numbers. file is `class/name.csv`, or
    `name.csv` for the files of that name in every class. A file that the table does not name keeps -1. Raises
    `InputError` for a table that can't be understood, or that names none of the files.
    """
    header, rows = read_table(path)
    if not {"file", "subject"} <= set(header):
        raise InputError(f"{path}: the first row must name the columns file, subject and, if known, camera")
    known, used = {}, set()
    for line, row in rows:
        cells = dict(zip(header, map(str.strip, row), strict=False))
        numbers = [cells.get(column) or "-1" for column in ("subject", "camera")]
        if "file" not in cells or not all(re.fullmatch(r"-1|[0-9]{1,9}", number) for number in numbers):
            raise InputError(
                f"{path}, line {line}: {', '.join(row)[:100]!r} where a file and whole numbers for subject and camera "
                "are expected"
            )
        numbers = tuple(map(int, numbers))
        if known.setdefault(composed(cells["file"]), numbers) != numbers:
            raise InputError(f"{path}, line {line}: {cells['file']} is listed twice, with different numbers")

    def numbers_of(source):
        keys = listed_as(source, known)
        used.update(keys)
        return known[keys[0]] if keys else None

    numbered = _numbered(sources, numbers_of, f"{path} names")
    return numbered, [name for name in known if name not in used]


def composed(name: str) -> str:
    """A file's name with composed letters, since some systems write é as two letters."""
    return unicodedata.normalize("NFC", name)


def listed_as(source: Source, names: Container[str]) -> list[str]:
    """Those of the `composed` names `class/name.csv` and `name.csv` of a source that are among the names."""
    name = composed(source.name)
    return [key for key in (name, name.split("/", 1)[1]) if key in names]


def with_pattern(sources: list[Source], pattern: str) -> list[Source]:
    """`sources` with the subjects and cameras that stand in their file names.

    pattern: text to look for in the name, with `{subject}` and `{camera}` for digits and `*` for anything, e.g.
    `P{subject}_C{camera}`. A file whose name does not fit keeps -1. Raises `InputError` if the pattern has neither,
    has one of them twice, or fits no name.
    """
    kinds = {"*": ".*?", "{subject}": "(?P<subject>[0-9]{1,9})", "{camera}": "(?P<camera>[0-9]{1,9})"}
    parts = re.split(r"(\*|\{subject\}|\{camera\})", pattern)
    counts = [parts.count(part) for part in ("{subject}", "{camera}")]
    if sum(counts) == 0 or max(counts) > 1:
        raise InputError(f"--pattern {pattern} must contain {{subject}} or {{camera}}, each at most once")
    expression = re.compile("".join(kinds.get(part, re.escape(part)) for part in parts))

    def numbers(source):
        match = expression.search(source.name.split("/", 1)[1])
        return match and tuple(int(match.groupdict().get(kind) or -1) for kind in ("subject", "camera"))

    return _numbered(sources, numbers, f"--pattern {pattern} fits")


def _numbered(sources, numbers, what):
    numbered = [(source, numbers(source)) for source in sources]
    if not any(pair for _, pair in numbered):
        raise InputError(f"{what} none of the files, e.g. {sources[0].name}")
    return [replace(source, subject=pair[0], camera=pair[1]) if pair else source for source, pair in numbered]
