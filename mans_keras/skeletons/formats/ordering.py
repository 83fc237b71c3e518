"""The columns of a table, or the keys of JSON objects, that number the frames or hold their times: order and gaps."""

import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from mans_keras.skeletons.joint_names import plain
from mans_keras.skeletons.sequence import Dropped

NUMBER = re.compile(r"(?<![\w.)])-?\d+(?:\.\d+)?|\d+(?:\.\d+)?")  # with the digits of any script; img-2 is no minus
DAYTIME = re.compile(r"(?<![\d:])(?:(\d{1,2}):)?(\d{1,2}):(\d{2}(?:[.,]\d+)?)(?![\d:])\s*(?:([AaPp])\.?[Mm]\.?)?")

# Names as `joint_names.plain` returns them; these are beyond doubt, other than those of `IMAGE` and `CLOCK`.
FRAMES = ("frame", "frames", "frameid", "frameindex", "frameno", "framenumber", "framenum", "framecount")
FRAMES += ("frameidx", "framecounter", "framenr")
TIMES = ("time", "timestamp", "timestampms", "timestampus", "timestampusec", "times", "timems", "timeseconds")
TIMES += ("timestamps", "timestampns", "timestampsec", "timens", "timesec", "seconds", "elapsedtime")
_DEVICE = "(color|depth|rgb|ir|video|camera|cam|kinect|device|system|host|sensor|capture|elapsed|unix|utc|local|ros)?"
_COUNT = "(id|index|idx|no|nr|num|number|count|counter|name|file|filename|path)*"
_UNIT = "(secs?|seconds?|ms|msecs?|millis|milliseconds?|us|usecs?|microseconds?|ns|nsecs?|nanoseconds?"
_UNIT += "|hours?|minutes?|mins?)"
IMAGE = re.compile(f"{_DEVICE}(frames?|images?|imgs?|pictures?){_COUNT}|file|filename|filepath")
# Not `frame_time`, which may be how long a frame takes.
_TIME = f"((time|datetime|clock|ticks?|t)(in)?(s|{_UNIT})?|(frame|image)?(timestamp|ts|stamp)s?{_UNIT}?)"
CLOCK = re.compile(f"{_DEVICE}{_TIME}|{_UNIT}|date|day")
# These alone may be other things, such as the least value, or how long a frame takes.
BARE = ("min", "mins", "ms", "us", "ns")
KINDS = ("frame", "time", "image", "clock")
LONGEST_NAME = 200
# A gap: so many times the usual step. Numbers of frames have the same steps, but those of clocks vary.
SKIPPED, LATE = 2, 3.1
GAPS = "frames that {!r} skips"


class Order(NamedTuple):
    """A column or key that says in which order the frames are; kind: one of `KINDS`, moments: as `moments` returns."""

    name: str
    kind: str
    values: Sequence[object]
    moments: list


def kind(name: str) -> str:
    """The `Order.kind` of a column or key with this name; "" if it says nothing about an order."""
    word = plain(name[:LONGEST_NAME])
    if word in FRAMES or word in TIMES:
        return "frame" if word in FRAMES else "time"
    return "image" if IMAGE.fullmatch(word) else "clock" if CLOCK.fullmatch(word) else ""


def rank(name: str) -> int:
    """How good a column with this name is for the order of frames, 0 is the best; raises `ValueError` if it is none."""
    return KINDS.index(kind(name))


def orders(columns: Iterable[tuple[str, Sequence[object]]]) -> list[Order]:
    """Those of the columns (name, values) that order frames: the first "frame", the first "time", then all others."""
    known = []
    for name, values in columns:
        of_name = kind(name)
        if any(order.kind == of_name for order in known):
            of_name = {"frame": "image", "time": "clock"}.get(of_name, of_name)
        if of_name and (found := moments(values)):
            known.append(Order(name.strip()[:40], of_name, values, found))
    if all(plain(order.name) in BARE for order in known):
        return []
    return sorted(known, key=lambda order: KINDS.index(order.kind))


def moments(values: Sequence[object]) -> list | None:
    """What values say about the order of frames; None if they say nothing.

    They are numbers, or, of texts that differ only in their numbers, such as img_2.jpg or 10:00:01.5, tuples of these:
    as text, img_10 would come before img_2. A value that is empty is None.
    """
    is_known = [value is not None and bool(str(value).strip()) for value in values]
    numbers = [_float(value) for value in values]
    if not any(is_known) or [number is not None for number in numbers] == is_known:
        return numbers if any(is_known) else None
    if not all(isinstance(value, str) for value, known in zip(values, is_known, strict=True) if known):
        return None
    texts = [
        DAYTIME.sub(_seconds, value.strip()) if known else "" for value, known in zip(values, is_known, strict=True)
    ]
    if len({NUMBER.sub("0", text) for text in texts if text}) > 1:
        return None
    found = [tuple(map(Decimal, NUMBER.findall(text))) if text else None for text in texts]
    return found if any(found) else None


def _float(value):
    """The number that a value is or spells; None for anything else."""
    if isinstance(value, str) and "_" in value:
        return None  # `float` takes 9_10 for 910
    try:
        number = float(value.replace(",", ".") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _seconds(match):
    """The seconds since midnight of a time of day, as text."""
    hours, minutes, seconds, half = match.groups()
    hours = int(hours or 0)
    hours = hours % 12 + 12 * (half in ("p", "P")) if half else hours
    return str(3600 * hours + 60 * int(minutes) + Decimal(seconds.replace(",", ".")))


def check(known: list[Order], place: Callable[[int], str], advice: str, twice: str) -> None:
    """Raise `Dropped`, with `place(row)` and the advice, if a value is less than the one before it.

    twice: the advice if the number of a frame comes twice. A clock may go back where another one grows, since both can
    be parts of one time, such as seconds and nanoseconds; so may a column of which only `IMAGE` or `CLOCK` knows.
    """
    for order in known:
        rows = [row for row, moment in enumerate(order.moments) if moment is not None]
        for before, row in itertools.pairwise(rows):
            moment, last = order.moments[row], order.moments[before]
            is_twice = moment == last and order.kind == "frame"
            if (moment < last or is_twice) and not any(_excuses(other, order, before, row) for other in known):
                what = f"{order.name} {_shown(order.values[row])} "
                what += "is there twice" if is_twice else f"comes after {_shown(order.values[before])}"
                raise Dropped(f"{place(row)}: {what}: {twice if is_twice else advice}")


def _excuses(other, order, before, row):
    """Whether another column grows from one row to the other, and is as good as this one.

    A time that is text may go back at midnight, or have milliseconds without zeros in front: frames are better.
    """
    is_text = isinstance(order.moments[row], tuple)
    better = ("clock", "frame") if is_text else ("clock",)
    if order.kind == "frame" or (order.kind == "time" and other.kind not in better):
        return False
    last, moment = other.moments[before], other.moments[row]
    return last is not None and moment is not None and last < moment


def _shown(value):
    return f"{value:.15g}" if isinstance(value, float) else str(value).strip()[:40]


def check_count(name: str, values: Sequence[object], place: str, advice: str) -> None:
    """Raise `Dropped` if the values, whatever the name, are `consecutive` in another order."""
    numbers = consecutive(values)
    if numbers and numbers != sorted(numbers):
        raise Dropped(f"{name} counts the {place}, but not in their order: {advice}")


def consecutive(values: Sequence[object]) -> list[int]:
    """The whole numbers of values that are all different and leave none out, such as 3, 5, 4 or img5, img3, img4."""
    found = moments(values) or [None]
    if None in found:
        return []
    columns = list(zip(*(part if isinstance(part, tuple) else (part,) for part in found), strict=True))
    changing = [column for column in columns if len(set(column)) > 1]
    if len(changing) != 1 or any(number % 1 for number in changing[0]):
        return []
    numbers = list(map(int, changing[0]))
    is_count = len(set(numbers)) == len(numbers) == max(numbers) - min(numbers) + 1
    return numbers if is_count else []


def gaps(known: list[Order]) -> tuple[str, ...]:
    """What `Parsed.left_out` says if the first of the columns leaves out frames: a step is longer than most."""
    if not known:
        return ()
    times = sorted({moment for moment in known[0].moments if moment is not None})
    if times and isinstance(times[0], tuple):
        changing = [column for column in zip(*times, strict=True) if len(set(column)) > 1]
        times = changing[0] if len(changing) == 1 else ()
    steps = np.sort(np.diff(np.array(times, float)))
    least = SKIPPED if known[0].kind in ("frame", "image") else LATE
    has_gap = len(steps) > 1 and steps[-1] >= least * steps[(len(steps) - 1) // 2]
    return (GAPS.format(known[0].name),) if has_gap else ()


def together(order: Order, people: Sequence[str]) -> list[list[int]] | None:
    """The rows of each frame, in the frames' order, if some are of one frame and different people; else None.

    people: who is in each row. Raises `Dropped` if somebody is there twice where others are: the clock is too coarse.
    """
    pairs = set(zip(order.moments, people, strict=True))
    frames = {moment: [] for moment in sorted(set(order.moments))}
    if len(pairs) == len(frames):
        return None
    for row, moment in enumerate(order.moments):
        frames[moment].append(row)
    if len(pairs) < len(people):
        twice = next(rows for rows in frames.values() if len({people[row] for row in rows}) < len(rows))
        what = f"{order.name} {_shown(order.values[twice[0]])}"
        raise Dropped(f"{what} has several bodies, and one of them twice: give each frame a number, in frame")
    return list(frames.values())
