"""What files of motion capture call their markers -> the bodies that have them."""

import numpy as np

from mans_keras.skeletons.formats.parsed import Parsed


def of_subjects(places: np.ndarray, names: list[str], left_out: tuple[str, ...] = ()) -> Parsed:
    """The `Parsed` of markers (frames, markers, 3) with these names, which may begin with a subject: `Bob:LASI`.

    One subject is left out of the names. If there are several, and all have the same markers, each is a body.
    """
    subjects = {}
    for place, name in enumerate(names):
        subject, _, marker = name.rpartition(":")
        subjects.setdefault(subject, {})[marker] = place
    first, *others = subjects.values()
    if any(set(other) != set(first) for other in others) or sum(map(len, subjects.values())) < len(names):
        return Parsed(places[:, None], tuple(names), left_out)
    order = np.array([[subject[marker] for marker in first] for subject in subjects.values()])
    return Parsed(places[:, order], tuple(first), left_out)
