"""Whether bare numbers are x y z of every joint."""

import numpy as np

from mans_keras.skeletons.sequence import Dropped

FEWEST_ROWS = 8  # by which a column without a name says something

# Numbers of joints that sensors and estimators have: 44 is none of them, so 132 numbers are 33 joints with a score.
KNOWN = (15, 17, 20, 21, 24, 25, 31, 32, 33, 75, 543)

HINTS = {2: ", and z is missing", 4: ", without a confidence or an angle"}


def check_joint(values: int) -> None:
    """Raise `Dropped` unless a joint has three values."""
    if values != 3:
        raise Dropped(f"a joint has {values} values: x y z are expected{HINTS.get(values, '')}")


def check_frame(numbers: int, joints: int | None) -> None:
    """Raise `Dropped` unless so many numbers a frame can only be x y z of every joint.

    joints: how many there are, if that is known.
    """
    if numbers == 3 and joints != 1:
        raise Dropped(
            "a frame has only 3 numbers: does each row hold one joint of a frame? Put all joints of a frame in one "
            "row, or add columns named frame and joint to a table. If there is only one joint, own_data.py has "
            "--joints 1"
        )
    if joints and numbers % joints == 0:
        check_joint(numbers // joints)
    elif numbers / 4 in KNOWN and numbers / 3 not in (*KNOWN, joints):
        known, third = numbers // 4, numbers // 3
        otherwise = (
            f". If they are x y z of {third} joints, own_data.py has --joints {third}" if numbers % 3 == 0 else ""
        )
        raise Dropped(
            f"a frame has {numbers} numbers: x y z and a fourth value of {known} joints? Keep x y z only, or save an "
            f"array as array.reshape(-1, {known}, 4){otherwise}"
        )
    elif numbers % 3:
        expected = f"x y z of {joints} joints" if joints else "x y z of every joint"
        raise Dropped(f"a frame has {numbers} numbers: {expected} are expected")
    elif not joints and numbers % 2 == 0:
        scored = f", or x y z and a score of {numbers // 4}" if numbers % 4 == 0 else ""
        raise Dropped(
            f"a frame has {numbers} numbers: x y z of {numbers // 3} joints, or x y of {numbers // 2}{scored}? Give "
            f"the number of joints by --joints, such as --joints {numbers // 3}"
        )


def check_first_columns(values: np.ndarray) -> None:
    """Raise `Dropped` if one of the first three columns (rows, columns) without names counts rows, or is a time.

    It grows by the same step from row to row, and the same axis of most joints does not grow by this step, as it does
    if a body glides evenly.
    """
    if len(values) < FEWEST_ROWS:
        return
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.diff(values, axis=0)
        mean = steps.mean(axis=0)
        is_even = (mean > 0) & (np.abs(steps - mean).max(axis=0) <= 0.05 * mean)
    for column in np.flatnonzero(is_even[:3]):
        axis = slice(column, None, 3)
        is_shared = is_even[axis] & (np.abs(mean[axis] - mean[column]) <= 0.1 * mean[column])
        if is_shared.mean() < 0.5:
            raise Dropped(
                f"column {column + 1} grows evenly from row to row, as a frame number or a time: a row of bare numbers "
                "is x y z of every joint and nothing else. Take out the other columns, or add a header to a table"
            )
