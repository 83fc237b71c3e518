"""The reference of the released code's preparation, on recordings whose tensors can be worked out by hand."""

from itertools import permutations, product

import numpy as np
import pytest
from released_recordings import CASES, FRAMES, recording, write_recording
from released_reference import by_slot, mean_difference, mirrorings, prepare, read

from mans_keras.skeletons.formats import skeleton_file

PLACE = np.array((0.5, -0.25, 3.0))
TORSO = (0, 1, 4, 8, 12, 16, 20)


def upright(top=1.0, toes=(-0.25, -0.25)):
    """A body (25, 3) with its hips around the origin, facing the sensor: x to its right, y up, -z forwards.

    top: height of joint 20. The torso's mean height is (1 + top) / 7 above the hips, so that the joint furthest from
    it is joint 20 if that is high, the hips if it is low: then the principal component points down. toes: z of the left
    and of the right foot.
    """
    joints = np.zeros((25, 3))
    joints[1, 1] = 0.25
    joints[[4, 8], 1] = 0.375
    joints[20, 1] = top
    joints[[12, 16, 4, 8], 0] = (-0.125, 0.125, -0.25, 0.25)
    joints[[14, 15], 0], joints[[18, 19], 0] = -0.125, 0.125
    joints[[14, 15, 18, 19], 1] = -1
    joints[[15, 19], 2] = toes
    return joints


def along(joints, signs=(1, 1, 1)):
    """Coordinates of an upright body along its axes: its right, forwards, up, times signs."""
    return joints[:, (0, 2, 1)] * (1, -1, 1) * signs


def prepared(folder, frames, ids=(7, 8, 9)):
    """The reference's result for frames, lists of bodies (25, 3) in the file's order; ids by place in the list."""
    joints = np.zeros((len(frames), 3, 25, 3))
    for t, bodies in enumerate(frames):
        for b, body in enumerate(bodies):
            joints[t, b] = body
    path = folder / "recording.skeleton"
    skeleton_file.write(path, joints, ids)
    return prepare(path)


def same(a, b):
    np.testing.assert_allclose(a, b, atol=1e-12)


LOW = 0.375  # top at which the hips are furthest from the torso's mean


@pytest.mark.parametrize("top", [1.0, LOW])
def test_upright_body_stands_between_its_hips_whichever_way_its_component_points(tmp_path, top):
    body = upright(top)
    tensor = prepared(tmp_path, [[body + PLACE]] * 50)
    assert tensor.shape == (50, 50, 3)
    same(tensor[:, :25], np.tile(along(body), (50, 1, 1)))
    assert not tensor[:, 25:].any()


def quarter_turns():
    """The 24 rotations (3, 3) that carry the axes of space onto each other."""
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            turn = np.eye(3)[list(order)] * signs
            if np.linalg.det(turn) > 0:
                yield turn


@pytest.mark.parametrize("top, up", [(1.0, 1), (LOW, -1)])
def test_component_points_to_the_joint_furthest_along_it_however_the_body_is_turned(tmp_path, top, up):
    body = upright(top)
    for turn in quarter_turns():
        # The first frame is empty, so the third coordinate is not mirrored.
        tensor = prepared(tmp_path, [[], [body @ turn.T + PLACE]])
        assert not tensor[24].any()
        same(tensor[25, :25], along(body, (1, 1, up)))


def test_left_shoulder_below_the_hips_mirrors_the_third_coordinate(tmp_path):
    body = upright()
    body[4], body[8] = (0, -0.25, 0), (0, 0.375, 0)  # the torso is still symmetric about the spine
    tensor = prepared(tmp_path, [[body + PLACE]] * 50)
    same(tensor[0, :25], along(body, (1, 1, -1)))


def test_frame_of_reference_is_the_first_filled_frames_and_stays(tmp_path):
    body, step = upright(), np.array((0.25, 0.125, -0.5))
    tensor = prepared(tmp_path, [[body + PLACE], *[[body + PLACE + step]] * 49])
    same(tensor[1:, :25], np.tile(along(body + step), (49, 1, 1)))


def test_turned_body_is_the_same_along_its_own_axes(tmp_path):
    body = upright()
    for turn in quarter_turns():
        tensor = prepared(tmp_path, [[body @ turn.T + PLACE]])
        same(tensor[24, :25], along(body))


@pytest.mark.parametrize("toes", [(0.25, 0.25), (0.25, -0.5), (-0.5, 0.25)])
def test_either_foot_that_points_back_mirrors_the_second_coordinate(tmp_path, toes):
    body = upright(toes=toes)
    tensor = prepared(tmp_path, [[body + PLACE]] * 50)
    same(tensor[0, :25], along(body, (1, -1, 1)))


def test_feet_are_judged_by_their_mean_over_all_frames(tmp_path):
    before, after = upright(), upright(toes=(0.5, -0.25))
    tensor = prepared(tmp_path, [[before + PLACE]] * 20 + [[after + PLACE]] * 30)
    same(tensor[0, :25], along(before, (1, -1, 1)))
    tensor = prepared(tmp_path, [[before + PLACE]] * 40 + [[after + PLACE]] * 10)
    same(tensor[0, :25], along(before))


@pytest.mark.parametrize("turned, side", [(20, 1), (30, -1)])
def test_hips_that_are_swapped_on_average_mirror_the_first_coordinate(tmp_path, turned, side):
    body = upright()
    swapped = body.copy()
    swapped[[12, 16], 0] *= -1
    tensor = prepared(tmp_path, [[body + PLACE]] * (50 - turned) + [[swapped + PLACE]] * turned)
    same(tensor[0, :25], along(body, (side, 1, 1)))


def test_hips_that_are_swapped_as_often_as_not_mirror_nothing(tmp_path):
    body = upright()
    swapped = body.copy()
    swapped[[12, 16], 0] *= -1
    tensor = prepared(tmp_path, [[body + PLACE], [swapped + PLACE]])
    same(tensor[24, :25], along(body))


def test_only_the_first_frames_left_shoulder_mirrors_the_third_coordinate(tmp_path):
    body = upright()
    lowered = body.copy()
    lowered[4, 1] = -0.25
    tensor = prepared(tmp_path, [[body + PLACE]] + [[lowered + PLACE]] * 49)
    same(tensor[1, :25], along(lowered))


def test_second_slot_has_its_own_axes_and_the_first_slots_mirrorings(tmp_path):
    first, second = upright(LOW), upright(1.0, toes=(0.25, 0.25))
    frames = [[first + PLACE, second - PLACE]] * 50
    tensor = prepared(tmp_path, frames)
    same(tensor[0, :25], along(first))
    # The first's component points down, so its second and third coordinate are mirrored, and the second's with them.
    same(tensor[0, 25:], along(second, (1, -1, -1)))


def test_body_that_is_listed_first_later_goes_on_in_the_first_slots_frame_of_reference(tmp_path):
    body, step = upright(), np.array((0.25, 0.5, -0.25))
    tensor = prepared(
        tmp_path, [[body + PLACE, body + PLACE + step]] * 20 + [[np.zeros((25, 3)), body + PLACE + step]] * 30
    )
    same(tensor[:20, 25:], np.tile(along(body), (20, 1, 1)))
    same(tensor[20:, :25], np.tile(along(body + step), (30, 1, 1)))
    assert not tensor[20:, 25:].any()


def test_ids_are_ignored(tmp_path):
    body, step = upright(), np.array((0.25, 0.5, -0.25))
    frames = [[body + PLACE, body + PLACE + step]] * 50
    same(prepared(tmp_path, frames, (7, 8, 9)), prepared(tmp_path, frames, (8, 7, 9)))


def test_frame_of_three_bodies_is_zeros_and_fixes_no_frame_of_reference(tmp_path):
    body, step = upright(LOW), np.array((0.25, 0.5, -0.25))
    pair = [body + PLACE, body - PLACE]
    tensor = prepared(tmp_path, [[body + PLACE + step, body, body - PLACE], *[pair] * 20, [*pair, body], *[pair] * 28])
    assert not tensor[[0, 21]].any()
    # Frame 0 is zeros, so the third coordinate of a component that points down is not mirrored.
    for t in (1, 20, 22, 49):
        same(tensor[t], np.concatenate([along(body, (1, 1, -1))] * 2))


def test_recording_is_dropped_when_its_last_frame_lists_three_bodies(tmp_path):
    body = upright()
    assert prepared(tmp_path, [[body + PLACE]] * 50 + [[body, body + PLACE, body - PLACE]]) is None
    assert prepared(tmp_path, [[body, body + PLACE, body - PLACE]] * 50 + [[body + PLACE]]) is not None


@pytest.mark.parametrize(
    "frames, rows",
    [
        (51, [*range(49), 50]),  # 48 * 50 / 49 = 48.98 is cut to 48
        (99, range(0, 99, 2)),
        # 119 / 49 * 21 = 51 is just below it in double precision: cut to 50; and so is row 42.
        (120, [*(119 * i // 49 - (i in (21, 42)) for i in range(50))]),
        (50, range(50)),
        (49, [*range(49), None]),
        (47, [None, *range(47), None, None]),
        (1, [*[None] * 24, 0, *[None] * 25]),
    ],
)
def test_fifty_rows_are_picked_or_put_between_zeros(tmp_path, frames, rows):
    body = upright()
    step = np.array((0, 0.0625, 0))
    tensor = prepared(tmp_path, [[body + PLACE + t * step] for t in range(frames)])
    for row, t in zip(tensor, rows, strict=True):
        if t is None:
            assert not row.any()
        else:
            same(row[:25], along(body + t * step))


def test_no_body_at_all_is_zeros(tmp_path):
    tensor = prepared(tmp_path, [[]] * 60)
    assert tensor.shape == (50, 50, 3)
    assert not tensor.any()


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_random_recordings_are_finite_and_keep_their_promise(tmp_path, case):
    path = tmp_path / "recording.skeleton"
    for seed in range(4):
        write_recording(path, np.random.default_rng(seed), case)
        frames, tensor = read(path), prepare(path)
        listed = [len(bodies) for bodies in frames]
        slots = by_slot(frames)
        slot = slots[:, 0]
        assert (tensor is None) == (case == "third in last frame")
        assert tensor is None or (np.isfinite(tensor).all() and tensor[:, :25].any())
        if case in FRAMES:
            assert listed == [1] * FRAMES[case]
        promise = {
            "one body": set(listed) == {1},
            "two bodies": set(listed) == {2},
            "second comes late": listed == sorted(listed) and set(listed) == {1, 2},
            "first leaves": listed == sorted(listed, reverse=True) and set(listed) == {1, 2},
            "third first": listed[0] == 3 and listed == sorted(listed, reverse=True) and listed[-1] == 2,
            "third midway": listed[0] == listed[-1] == 2 and 3 in listed,
            "third in last frame": listed[0] == 2 and listed[-1] == 3,
            "empty first frames": listed[0] == listed[1] == 0 and listed[-1] > 0,
            "bodies swap": set(listed) == {2},
            "feet disagree": mean_difference(slot, 14, 15, 1) * mean_difference(slot, 18, 19, 1) < 0,
            "left shoulder below hips": slot[0, 4, 2] * slot[0, 20, 2] < 0,
            "turns round": mean_difference(slot, 12, 16, 0) < 0,
        }
        assert promise.get(case, True), seed


def test_bodies_swap_their_places_and_keep_their_ids(tmp_path):
    joints, ids = recording(np.random.default_rng(0), "bodies swap")
    listed = [[ids[b] for b in np.flatnonzero(frame.any(axis=(1, 2)))] for frame in joints]
    assert listed[-1] == listed[0][::-1]
    assert len(set(map(tuple, listed))) == 2


def test_random_torsos_have_a_clear_principal_component():
    for case in CASES:
        joints, _ = recording(np.random.default_rng(1), case)
        for body in joints[joints.any(axis=(2, 3))][:, TORSO]:
            values = np.linalg.svd(body - body.mean(axis=0), compute_uv=False)
            assert values[0] > 1.15 * values[1], case


@pytest.mark.slow
def test_random_recordings_ask_for_all_mirrorings(tmp_path):
    path = tmp_path / "recording.skeleton"
    asked = set()
    for case in ("one body", "empty first frames", "feet disagree", "turns round"):
        for seed in range(12):
            write_recording(path, np.random.default_rng(seed), case)
            asked.add(mirrorings(by_slot(read(path))))
    # The first coordinate and the second without the third, and with it, as the component points up or down.
    assert {(False, False, False), (False, True, True), (False, True, False), (True, True, False)} <= asked
    assert any(first and third for first, _, third in asked)
