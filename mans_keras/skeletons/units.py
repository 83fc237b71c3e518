"""Units of length."""

import re

from mans_keras.errors import InputError, listed
from mans_keras.skeletons.sequence import Dropped

WORDS = {"metre": "m", "meter": "m", "centimetre": "cm", "centimeter": "cm", "millimetre": "mm", "millimeter": "mm"}
WORDS |= {"inch": "in", "inches": "in", "foot": "ft", "feet": "ft"}
KEYS = ("unit", "units", "Unit", "Units")  # of a JSON file
PIXELS = ("pixel", "pixels", "px")
METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048}


def read_unit(text: str) -> float:
    """The metres of a unit from the value of `--unit`: one of `METRES`, or a number; `InputError` for anything else."""
    if text.lower() in METRES:
        return METRES[text.lower()]
    if re.fullmatch(r"[0-9]{0,6}\.?[0-9]{1,12}", text) and float(text) > 0:
        return float(text)
    raise InputError(f"--unit: {text[:40]!r} is not one of {', '.join(METRES)}, and no number of metres such as 0.0254")


def of_json(document: object, unit: float | None = None) -> float | None:
    """The metres of the unit that a JSON document names, or the objects of its list; None if it names none.

    unit: the metres of the unit that the user gave. Without it, raises `Dropped` for a unit that is not known; and in
    any case for several ones.
    """
    objects = [part for part in (document if isinstance(document, list) else [document]) if isinstance(part, dict)]
    values = [part[key] for part in objects for key in KEYS if part.get(key) is not None]
    words = {value.strip().lower() if isinstance(value, str) else str(value)[:40] for value in values}
    words = {WORDS.get(word, WORDS.get(word.removesuffix("s"), word)) for word in words}
    if len(words) > 1:
        raise Dropped(f"its frames name several units, {listed(sorted(words))}: write all in one unit")
    if unit is None and not words.isdisjoint(PIXELS):
        raise Dropped(
            "its unit is the pixel, which is no length: these are places in the image. x, y and z in metres, or "
            "another length, are expected"
        )
    known = [METRES[word] for word in words if word in METRES]
    if words and not known and unit is None:
        raise Dropped(f"its unit is {words.pop()[:40]!r}, which is not one of {', '.join(METRES)}: give it by --unit")
    return known[0] if known else None
