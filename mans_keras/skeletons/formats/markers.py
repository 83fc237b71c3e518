"""What files of motion capture call their joints -> the bodies that have them."""

import numpy as np

from mans_keras.errors import counted, listed
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped

FEWEST = 10  # joints of a person; a wand or another rigid body has fewer markers


def of_subjects(places: np.ndarray, names: list[str], left_out: tuple[str, ...] = ()) -> Parsed:
    """The `Parsed` of joints (frames, joints, 3) with these names, which may begin with a subject: `Bob:LASI`.

    A subject with at least `FEWEST` joints is a person. Persons are bodies, without the subject before the names of
    their joints, and smaller subjects are left out. If nobody is a person, all joints are those of one body. Raises
    `Dropped` if persons have different joints.
    """
    subjects = {}
    for place, name in enumerate(names):
        subject, _, joint = name.rpartition(":")
        subjects.setdefault(subject, {})[joint] = place
    if sum(map(len, subjects.values())) < len(names):  # `:Hip` and `Hip`
        return Parsed(places[:, None], tuple(names), left_out)
    people = {name: joints for name, joints in subjects.items() if len(joints) >= FEWEST or len(subjects) == 1}
    if not people:
        return Parsed(places[:, None], tuple(names), left_out)
    first, *others = people.values()
    if any(set(other) != set(first) for other in others):
        raise Dropped(f"{listed(list(people))} have different joints: export each subject to a file of its own")
    order = np.array([[person[joint] for joint in first] for person in people.values()])
    objects = [
        f"{name} ({counted(len(joints), 'joint')})" if name else f"{counted(len(joints), 'joint')} of no subject"
        for name, joints in subjects.items()
        if name not in people
    ]
    return Parsed(places[:, order], tuple(first), (*objects, *left_out))
