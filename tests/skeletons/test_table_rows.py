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
    "an id that counts few rows": rows(["id"], [range(10)]),
    "names that count the rows": rows(["name"], [[f"img{row}" for row in range(8, 18)]]),
    "times of a day": rows(
        ["time"], [[f"9:59:59.{row} PM" for row in range(5)] + [f"10:00:0{n} PM" for n in range(5)]]
    ),
    "noon": rows(["clock"], [[f"11:59:5{row} AM" for row in range(5)] + [f"12:00:0{row} PM" for row in range(5)]]),
    "seconds and nanoseconds": rows(["sec", "nsec"], [np.arange(10) // 4, [3, 5, 7, 9, 1, 3, 5, 7, 2, 4]]),
    "hours, minutes and seconds": rows(
        ["hour", "min", "second"], [[1] * 10, [0] * 5 + [1] * 5, [*range(55, 60), *range(5)]]
    ),
    "how long a frame takes": rows(["frame_time", "image_width"], [[33, 34, 31, 35] * 2 + [32, 33], [9] * 10]),
    "an id in the first row alone": rows(["frame", "subject"], [range(10), ["P3", *[""] * 9]]),
    "an id that comes late": rows(["time", "track_id"], [range(10), ["", "", *[1] * 8]]),
    "milliseconds without zeros, beside frames": rows(
        ["frame", "time"], [range(10), [f"10:20:30.{33 * row}" for row in range(10)]]
    ),
    "midnight, beside frames": rows(
        ["frame", "time"], [range(10), [f"23:59:5{row}" for row in range(5, 10)] + [f"00:00:0{n}" for n in range(5)]]
    ),
    "a least value": rows(["min"], [[-0.371, -0.369] * 5]),
    "milliseconds that a frame takes": rows(["ms"], [[33, 31, 35, 33, 32] * 2]),
    "how many frames there are": rows(["frames"], [[10] * 10]),
    "a score that falls": rows(["score"], [np.linspace(0.9, 0.1, 10)]),
}


@pytest.mark.parametrize("text", NO_TURNS.values(), ids=NO_TURNS)
def test_a_column_beside_one_body_is_left_out(text):
    np.testing.assert_array_equal(parse(text.encode()).joints[:, 0], standing_body(10)[:, :3].round(4))


TURNS = [0, 1] * 5
TEXT_ORDER = [0, 1, 10, 2, 3, 4, 5, 6, 7, 8, 9]
IN_TURNS = {
    "frame_idx": (
        rows(["frame_idx", "who"], [np.arange(10) // 2, TURNS], people=2),
        "line 3: frame_idx 0 is there twice",
    ),
    "a coarse clock": (
        rows(["timestamp", "id"], [np.arange(10) // 4, TURNS], people=2),
        "timestamp 0 has several bodies, and one of them twice: give each frame a number",
    ),
    "rows without an id": (
        rows(["frame", "id"], [range(10), [1] * 4 + [""] * 2 + [2] * 4]),
        "line 6: the column 'id' is empty: say who is in each row",
    ),
    "name": (rows(["name"], [["Anna", "Bob"] * 5], people=2), "'name' has several values"),
    "unknown": (
        rows(["who"], [TURNS], people=2),
        "column 'who' takes turns from row to row: if these are people, number the frames",
    ),
    "unknown, not always": (
        rows(["time", "who"], [[0, 0, 1, 2, 2, 3, 4, 4, 5, 5], list("abaabbabab")], people=2),
        "column 'who' differs between rows of the same time",
    ),
    "no column": (table_of_two(), "back after 2: the file seems to hold 2 people who take turns"),
    "frames as text is sorted": (rows(["frame_idx"], [TEXT_ORDER], number=11), "frame_idx 2 comes after 10"),
    "few rows as text is sorted": (
        rows(["id"], [[1, 10, *range(2, 10)]]),
        "'id' counts the rows, but not in their order",
    ),
    "rows as text is sorted": (rows(["n"], [TEXT_ORDER], number=11), "'n' counts the rows, but not in their order"),
    "an index as text is sorted": (
        "\n".join([",0,1,2", *(f"{n},1,1,{n}" for n in TEXT_ORDER)]),
        "'column 1' counts the rows, but not in their order",
    ),
}


BACKWARDS = {
    "time": [f"10:00:0{row / 2}" for row in range(10)],
    "timestamp": [f"2024-05-01T10:00:0{row / 2}Z" for row in range(10)],
    "t_ms": np.arange(10) * 66.7,
    "sec": np.arange(10) / 15,
    "ticks": np.arange(10) * 333333,
    "frame": [f"frame_{row}.jpg" for row in range(10)],
    "Image": [f"cam1_img_{row}.jpg" for row in range(10)],
    "file_name": range(10),
}
IN_TURNS |= {
    f"{name} backwards": (rows([name], [values[::-1]]), f"line 3: {name} .* comes after ")
    for name, values in BACKWARDS.items()
}
IN_TURNS["images as text is sorted"] = (
    rows(["image"], [sorted(f"img_{row}.jpg" for row in range(11))], number=11),
    "line 5: image img_2.jpg comes after img_10.jpg",
)


@pytest.mark.parametrize(("text", "reason"), IN_TURNS.values(), ids=IN_TURNS)
def test_rows_that_are_not_the_next_frame_of_one_body_are_refused(text, reason):
    with pytest.raises(Dropped, match=reason):
        parse(text.encode(), joints=1 if "column 1" in reason else None)


GAPS = {
    "frame": ([*range(5), *range(300, 305)], True),
    "time": ([*np.arange(5) / 30, *(12 + np.arange(5) / 30)], True),
    "image": ([f"img_{row}.png" for row in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10)], True),
    "timestamp": ([f"10:00:{second:02}" for second in (0, 1, 2, 3, 4, 5, 6, 7, 30, 31)], True),
    "frames": (np.arange(10) * 5, False),
    "clock": (np.arange(10) // 4, False),
    "t": ([0, 33, 66, 133, 150, 200, 233, 266, 300, 333], False),
}


@pytest.mark.parametrize("name", GAPS)
def test_frames_that_are_missing_are_reported_but_not_a_longer_step_or_a_clock_that_varies(name):
    values, has_gap = GAPS[name]
    left_out = parse(rows([name], [values]).encode()).left_out
    assert (f"frames that {name!r} skips" in left_out) == has_gap
