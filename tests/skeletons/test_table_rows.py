"""Tables whose rows are frames of one body, and tables whose rows are of several people or out of order."""

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.skeletons.formats.csv_file import parse
from mans_keras.skeletons.sequence import Dropped

NAMES = ("Hip", "KneeLeft", "Head")


def rows(header, columns=(), number=10, people=1):
    """A table of a body that moves, or of people who take turns, each 5 cm from the last."""
    lines = [",".join([*header, *(f"{name}_{axis}" for name in NAMES for axis in "xyz")])]
    bodies = standing_body(number)[:, :3].round(4)
    for row in range(number):
        body = bodies[row // people] + row % people * 0.05
        lines.append(",".join(map(str, [*(column[row] for column in columns), *body.ravel().round(4)])))
    return "\n".join(lines) + "\n"


def table_of_two():
    """Two people in turns, without a column that says so."""
    lines = [",".join(f"{name}_{axis}" for name in NAMES for axis in "xyz")]
    bodies = standing_body(10)[:, :3]
    lines += [",".join(map(str, (body + place).ravel().round(4))) for body in bodies for place in (0, 0.7)]
    return "\n".join(lines)


NO_TURNS = {
    "a coarse clock": rows(["time"], [np.arange(10) // 3]),
    "an id that counts the rows": rows(["time", "id"], [range(10), range(10)]),
    "an id that changes once": rows(["time", "id"], [range(10), [1] * 4 + [2] * 6]),
    "a label that comes back": rows(["time", "label"], [range(10), list("aabbaabbbb")]),
    "a coarse clock and a label": rows(["time", "label"], [np.arange(10) // 3, list("aaabbbbaaa")]),
    "a row number": rows(["n"], [range(10)]),
}


@pytest.mark.parametrize("text", NO_TURNS.values(), ids=NO_TURNS)
def test_a_column_beside_one_body_is_left_out(text):
    np.testing.assert_array_equal(parse(text.encode()).joints[:, 0], standing_body(10)[:, :3].round(4))


TURNS = [0, 1] * 5
TEXT_ORDER = [0, 1, 10, 2, 3, 4, 5, 6, 7, 8, 9]
IN_TURNS = {
    "frame_idx": (rows(["frame_idx", "who"], [np.arange(10) // 2, TURNS], people=2), "frame_idx 0 comes after 0"),
    "id": (
        rows(["timestamp", "id"], [np.arange(10) // 2, TURNS], people=2),
        "line 4: id 0 is there again after another",
    ),
    "bodyIndex": (rows(["time", "bodyIndex"], [range(10), TURNS], people=2), "bodyIndex 0 is there again"),
    "name": (rows(["name"], [["Anna", "Bob"] * 5], people=2), "'name' has several values"),
    "unknown": (
        rows(["who"], [TURNS], people=2),
        "column 'who' takes turns from row to row: a table must hold one body",
    ),
    "unknown, not always": (
        rows(["time", "who"], [[0, 0, 1, 2, 2, 3, 4, 4, 5, 5], list("abaabbabab")], people=2),
        "column 'who' differs between rows of the same time",
    ),
    "no column": (table_of_two(), "back after 2: the file seems to hold 2 people who take turns"),
    "frames as text is sorted": (rows(["frame_idx"], [TEXT_ORDER], number=11), "frame_idx 2 comes after 10"),
    "rows as text is sorted": (rows(["n"], [TEXT_ORDER], number=11), "'n' counts the rows, but not in their order"),
    "an index as text is sorted": (
        "\n".join([",0,1,2", *(f"{n},1,1,{n}" for n in TEXT_ORDER)]),
        "'column 1' counts the rows, but not in their order",
    ),
}


@pytest.mark.parametrize(("text", "reason"), IN_TURNS.values(), ids=IN_TURNS)
def test_rows_that_are_not_the_next_frame_of_one_body_are_refused(text, reason):
    with pytest.raises(Dropped, match=reason):
        parse(text.encode(), joints=1 if "column 1" in reason else None)
