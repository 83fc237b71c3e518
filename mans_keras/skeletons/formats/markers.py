"""What files of motion capture call their markers -> the bodies that have them."""

import numpy as np

from mans_keras.skeletons.formats.parsed import Parsed


def of_subjects(places: np.ndarray, names: list[str], left_out: tuple[str, ...] = ()) -> Parsed:
    """The `Parsed` of markers (frames, markers, 3) with these names, which may begin with a subject: `Bob:LASI`.

    One subject is left out of the names. If there are several, and all have the same markers, each is a body.
    """
    parts = [name.rpartition(":")[::2] for name in names]
    subjects = list(dict.fromkeys(subject for subject, _ in parts))
    markers = {subject: [marker for other, marker in parts if other == subject] for subject in subjects}
    first = markers[subjects[0]]
    if any(sorted(markers[subject]) != sorted(first) for subject in subjects) or len(set(first)) < len(first):
        return Parsed(places[:, None], tuple(names), left_out)
    order = [[parts.index((subject, marker)) for marker in first] for subject in subjects]
    return Parsed(places[:, np.array(order)], tuple(first), left_out)
