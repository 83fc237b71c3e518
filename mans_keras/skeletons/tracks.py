"""Tracks of bodies, each with an ID or a slot of the sensor -> people."""

from typing import NamedTuple

import numpy as np

from mans_keras.skeletons.sequence import Dropped

# A tracker that loses a person gives the same person a new ID. A track continues one that ended at most GAP frames
# earlier (a second), if it begins at most NEAR metres away, between the means of the joints, and MORE for each frame of
# the gap (0.9 m/s), and if its bones are as long: their sums differ by at most the factor ALIKE. The centres of two
# people are hardly ever so near, and somebody else needs more time to take a place that has become free.
GAP = 30
NEAR, MORE = 0.2, 0.03
ALIKE = 1.35
AT_SEAM = 10  # frames of a track, next to the gap, whose bones are compared
# Kinect also tracks furniture and reflections, mostly for at most so many frames: a third of a second.
SHORT_LIVED = 11
# In lists without IDs, the mean joint of a body moves less than so many metres from one frame to the next.
STEP = 1.0
MOST = 6  # people of a recording who are kept; Kinect v2 sees as many
MAX_IN_FRAME, MAX_WITHOUT_IDS, MAX_TRACKS = 12, 20_000, 2000
# A list of people who take turns: from one entry to the next, most joints move so many times as far as over 2, 3 or 4
# entries, and by more than a share of the body's size. Fewer frames say nothing.
TURNS, FARTHER, SHARE, FEWEST_TURNS = (2, 3, 4), 3, 0.1, 8


class Track(NamedTuple):
    """One body: the numbers of the frames that show it, (n,) ascending, and its joints in them, (n, joints, 3)."""

    frames: np.ndarray
    joints: np.ndarray


def people(joints: np.ndarray, ids: np.ndarray | None = None) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """(joints (frames, people, joints, 3), frames of each person who is left out) of (frames, slots, joints, 3).

    A slot in which no joint is tracked (NaN or zeros) is empty; tracks that are one person are joined, see `joined`. Of
    more than `MOST` people, those who are there longest stay. At least one is returned, all NaN if nobody is there.

    ids: (frames, slots) whole numbers, different ones in a frame: who is in a slot; default: one body for each slot.
    Raises `Dropped` for more than `MAX_TRACKS` different ids, and for people who take turns in frames of their own.
    """
    seen = _tracked(joints).any(axis=2)
    if ids is not None and len(seen) and seen.sum(axis=1).max() == 1:
        ids = _of_one_a_frame(joints, seen, ids)
    ids = np.broadcast_to(np.arange(seen.shape[1]), seen.shape) if ids is None else ids
    order = np.argsort(ids[seen], kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(ids[seen][order])) + 1) if len(order) else []
    if len(parts) > MAX_TRACKS:
        raise Dropped(f"{len(parts):,} bodies with different IDs: at most {MAX_TRACKS:,} are possible")
    frames, bodies = np.nonzero(seen)[0], joints[seen]
    persons = joined([Track(frames[part], bodies[part]) for part in parts])
    longest = np.sort(np.argsort([-len(track.frames) for track in persons], kind="stable")[:MOST])
    kept = np.full((len(joints), max(len(longest), 1), *joints.shape[2:]), np.nan)
    for slot, person in enumerate(longest):
        kept[persons[person].frames, slot] = persons[person].joints
    return kept, tuple(track.frames for number, track in enumerate(persons) if number not in longest)


def _of_one_a_frame(joints, seen, ids):
    """The same IDs of frames with one body at most, or always 0 if the body goes on in place whenever its ID changes.

    So it is if the ID is another thing, such as the part of an action, and comes back. Raises `Dropped` if there are
    mostly different people in a frame and the next: then they should share frames.
    """
    frames, bodies, people = np.nonzero(seen)[0], joints[seen], ids[seen]
    changes = np.flatnonzero(people[1:] != people[:-1]) + 1
    number = len(np.unique(people))
    if len(changes) < number or len(changes) > MAX_TRACKS:  # nobody comes back
        return ids
    runs = zip(np.split(frames, changes), np.split(bodies, changes), strict=True)
    if len(joined([Track(*run) for run in runs])) == 1:
        return np.where(seen, 0, ids)
    if len(people) >= FEWEST_TURNS and len(changes) > len(people) / 2 and 2 * number <= len(people):
        raise Dropped(
            f"{number} people take turns, each in frames of their own: give bodies that were seen at the same moment "
            "the same number of a frame"
        )
    return ids


def nearest_ids(joints: np.ndarray) -> np.ndarray:
    """IDs (frames, slots), as `people` takes them, of bodies whose places in (frames, slots, joints, 3) say nothing.

    Together, the bodies of a frame continue those of the last `GAP` frames that are nearest, by the mean distance of
    their joints, if that is less than `STEP`. Raises `Dropped` for more than `MAX_IN_FRAME` bodies in a frame, or for
    more than `MAX_WITHOUT_IDS` in all, as frames x slots.
    """
    if joints.shape[1] > MAX_IN_FRAME:
        raise Dropped(f"{joints.shape[1]} bodies in a frame: at most {MAX_IN_FRAME} are possible")
    if joints.shape[0] * joints.shape[1] > MAX_WITHOUT_IDS:
        raise Dropped(
            f"{len(joints):,} frames of up to {joints.shape[1]} bodies without IDs: at most {MAX_WITHOUT_IDS:,} bodies "
            "are possible. Give each an ID, such as track_id"
        )
    from scipy.optimize import linear_sum_assignment  # not above: few files need it, and it takes a while

    places = np.where(_tracked(joints)[..., None], joints, np.nan)
    seen = ~np.isnan(places).all(axis=(2, 3))
    ids, latest, number = np.full(seen.shape, -1), {}, 0
    for frame, present in enumerate(seen):
        latest = {body: (at, xyz) for body, (at, xyz) in latest.items() if frame - at <= GAP}
        slots = np.flatnonzero(present)
        if latest and len(slots):
            known = list(latest)
            costs = _distances(places[frame, slots][:, None], np.stack([xyz for _, xyz in latest.values()]))
            for row, column in zip(*linear_sum_assignment(costs), strict=True):
                if costs[row, column] < STEP:
                    ids[frame, slots[row]] = known[column]
        for slot in slots:
            if ids[frame, slot] < 0:
                ids[frame, slot], number = number, number + 1
            latest[int(ids[frame, slot])] = frame, places[frame, slot]
    return ids


def slot_ids(joints: np.ndarray) -> np.ndarray | None:
    """IDs of bodies in the slots of (frames, slots, joints, 3), as `people` takes them; None: each slot is one person.

    They are those of `nearest_ids` if bodies exchange their slots, so that they would jump from frame to frame. Raises
    `Dropped` as `check_one_person` does if there is one slot.
    """
    if joints.shape[1] == 1:
        check_one_person(joints[:, 0])
        return None
    slots = np.broadcast_to(np.arange(joints.shape[1]), joints.shape[:2])
    used = _tracked(joints).any(axis=(0, 2)).sum()
    ids = followed(joints, slots) if used > 1 else slots
    # more IDs than slots: a body was lost, or is far away in some frames, and the slots know more
    return ids if ids is not slots and ids.max() < used else None


def followed(joints: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The same IDs (frames, slots), or those of `nearest_ids` if bodies with these move less than half as far."""
    if joints.shape[1] > MAX_IN_FRAME or joints.shape[0] * joints.shape[1] > MAX_WITHOUT_IDS:
        return ids
    nearest = nearest_ids(joints)
    return nearest if 2 * path_length(joints, nearest) < path_length(joints, ids) else ids


def path_length(joints: np.ndarray, ids: np.ndarray) -> float:
    """How far the bodies of (frames, slots, joints, 3) move, frame by frame, if these are their IDs (frames, slots)."""
    places, total, latest = np.where(_tracked(joints)[..., None], joints, np.nan), 0.0, {}
    for frame, slots in zip(places, ids, strict=True):
        now = {int(body): xyz for body, xyz in zip(slots, frame, strict=True) if not np.isnan(xyz).all()}
        total += sum(float(_distances(xyz, latest[body])) for body, xyz in now.items() if body in latest)
        latest = now
    return total


def check_one_person(joints: np.ndarray) -> None:
    """Raise `Dropped` if the frames (frames, joints, 3) of one body are those of several people who take turns."""
    places = np.where((_tracked(joints) & np.isfinite(joints).all(axis=-1))[..., None], joints, np.nan)
    if len(places) < FEWEST_TURNS or places.shape[1] == 1 or np.isnan(places).all():
        return
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.nanmax(_medians(places), axis=0) - np.nanmin(_medians(places), axis=0)
        step, *others = (_medians(np.linalg.norm(places[lag:] - places[:-lag], axis=-1)) for lag in (1, *TURNS))
    known = ~np.isnan(step)
    for turn, other in zip(TURNS, others, strict=True):
        if known.any() and (step[known] > np.fmax(FARTHER * other[known], SHARE * size.max())).mean() > 0.9:
            raise Dropped(
                f"nearly all joints jump from each frame to the next and are back after {turn}: the file seems to hold "
                f"{turn} people who take turns. Give each an ID and each frame a number, or a file of its own"
            )


def _medians(values):
    """The medians over the first axis without NaN; NaN where there are none."""
    medians, known = np.full(values.shape[1:], np.nan), ~np.isnan(values).all(axis=0)
    medians[known] = np.nanmedian(values[:, known], axis=0)
    return medians


def _distances(joints, others):
    """The mean distances of joints (..., joints, 3) from others; a large number if none is tracked in both."""
    with np.errstate(invalid="ignore", over="ignore"):
        distances = np.linalg.norm(joints - others, axis=-1)
        both = np.isfinite(distances)
        means = np.where(both, distances, 0).sum(axis=-1) / np.maximum(both.sum(axis=-1), 1)
    return np.where(both.any(axis=-1), np.minimum(means, 1e6), 1e6)


def joined(tracks: list[Track]) -> list[Track]:
    """The same tracks in the same order, but those that do not overlap and go on in place are one, see `GAP`.

    Each track continues the nearest one that it can continue. A track of more than `SHORT_LIVED` frames takes the place
    of a shorter one that is there at the same time: that is a reflection or the like.
    """
    if len(tracks) < 2:
        return tracks
    starts, ends = (np.array([track.frames[at] for track in tracks]) for at in (0, -1))
    firsts, lasts = (np.array([_centre(track.joints[at]) for track in tracks]) for at in (0, -1))
    is_short = np.array([len(track.frames) <= SHORT_LIVED for track in tracks])
    by_end = np.argsort(ends, kind="stable")
    sorted_ends = ends[by_end]
    before, after = {}, {}
    for number in np.argsort(starts, kind="stable"):
        start = starts[number]
        earlier = by_end[slice(*np.searchsorted(sorted_ends, (start - GAP, start)))]
        distances = np.linalg.norm(lasts[earlier] - firsts[number], axis=-1)
        near = np.flatnonzero(distances <= NEAR + MORE * (start - ends[earlier]))
        for lost in earlier[near[np.argsort(distances[near], kind="stable")]]:
            rival = after.get(lost)
            is_noise = rival is not None and is_short[rival] and not is_short[number] and ends[rival] >= start
            if (rival is None or is_noise) and _alike(tracks[lost].joints[-AT_SEAM:], tracks[number].joints[:AT_SEAM]):
                before.pop(rival, None)
                before[number], after[lost] = lost, number
                break
    chains = {}  # {the last track of a person: all of them}
    for number in np.argsort(starts, kind="stable"):
        chains[number] = [*chains.pop(before[number]), number] if number in before else [number]
    chains = [[tracks[number] for number in chain] for chain in sorted(chains.values())]
    return [Track(*map(np.concatenate, zip(*chain, strict=True))) for chain in chains]


def _tracked(joints):
    return ~np.isnan(joints).any(axis=-1) & joints.any(axis=-1)


def _centre(joints):
    """The mean (3,) of the joints of one frame that are tracked."""
    return joints[_tracked(joints)].mean(axis=0)


def _alike(joints, others):
    """Whether two bodies (frames, joints, 3) may be one person: their bones are about as long, where both show them."""
    lengths, other_lengths = _lengths(joints), _lengths(others)
    both = ~np.isnan(lengths + other_lengths)
    shorter, longer = sorted((lengths[both].sum(), other_lengths[both].sum()))
    return longer <= ALIKE * shorter


def _lengths(joints):
    """The median distance of each joint from the next in number, mostly a bone; NaN if they are never tracked both."""
    lengths = np.linalg.norm(np.diff(np.where(_tracked(joints)[..., None], joints, np.nan), axis=1), axis=-1)
    if not np.isnan(lengths).any():
        return np.median(lengths, axis=0)  # many times as fast
    return _medians(lengths)


def most_moving(joints: np.ndarray, bodies: int) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """(joints, frames of each other body): the bodies of (frames, bodies, joints, 3) that move most, at most `bodies`.

    Movement is the summed variance of the coordinates. Those who are there for less than half of the time of the body
    that is there longest come last: they only pass by. The bodies that stay keep their order.
    """
    seen = joints.any(axis=(2, 3))
    count = seen.sum(axis=0)
    movement = np.array([_movement(body) for body in np.moveaxis(joints, 1, 0)])
    order = np.lexsort((-movement, 2 * count < count.max()))
    others = [np.flatnonzero(seen[:, body]) for body in np.sort(order[bodies:])]
    return joints[:, np.sort(order[:bodies])], tuple(frames for frames in others if len(frames))


def _movement(body):
    """Summed variance of one body's coordinates over the frames (frames, joints, 3) in which it is present."""
    present = body[body.any(axis=(1, 2))]
    return present.var(axis=0).sum() if len(present) else 0.0
