"""Units of length."""

import re

from mans_keras.errors import InputError

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048}


def read_unit(text: str) -> float:
    """The metres of a unit from the value of `--unit`: one of `METRES`, or a number; `InputError` for anything else."""
    if text.lower() in METRES:
        return METRES[text.lower()]
    if re.fullmatch(r"[0-9]{0,6}\.?[0-9]{1,12}", text) and float(text) > 0:
        return float(text)
    raise InputError(f"--unit: {text[:40]!r} is not one of {', '.join(METRES)}, and no number of metres such as 0.0254")
