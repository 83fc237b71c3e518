from dataclasses import replace

import numpy as np
import pytest
from helpers import SHARED, standing_body

from mans_keras.skeletons import hdm05, recording, synthetic
from mans_keras.skeletons.bones import bones
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.sequence import KINECT_1, KINECT_2


@pytest.mark.parametrize("joints", [15, 20, 25, 31])
def test_the_bones_of_a_known_body_are_one_tree_over_all_its_joints(joints):
    pairs = bones(joints)
    assert len(pairs) == joints - 1
    reached = {pairs[0][0]}
    for _ in pairs:
        reached.update(end for pair in pairs if reached & set(pair) for end in pair)
    assert reached == set(range(joints))


@pytest.mark.parametrize("joints", [1, 7, 33])
def test_an_unknown_body_has_no_bones(joints):
    assert bones(joints) == ()


def test_a_body_with_its_hips_elsewhere_has_no_bones():
    for body in (KINECT_1, KINECT_2, hdm05.BODY):
        assert bones(body.joints, body) == bones(body.joints)
    assert bones(25, replace(KINECT_2, left_hip=12, right_hip=9)) == ()  # OpenPose's 25


def _lengths(joints):
    pairs = np.array(bones(joints.shape[-2]))
    return np.linalg.norm(joints[..., pairs[:, 0], :] - joints[..., pairs[:, 1], :], axis=-1)


def test_bones_of_kinect_2_keep_their_length_while_the_body_moves():
    lengths = _lengths(synthetic.perform(synthetic.names()[0]))
    assert lengths.min() > 0.01 and np.ptp(lengths, axis=0).max() < 1e-9
    assert set(bones(25)) == {(parent, joint) for joint, parent in enumerate(skeleton_file.PARENTS) if joint}


def test_bones_of_kinect_1_join_neighbours():
    assert _lengths(standing_body()[0]).max() < 0.5  # the chest's and the legs' are the longest; an arm is 0.55 long


def test_bones_of_real_kinect_1_bodies_are_as_short_as_a_persons():
    file = SHARED / "data/ut_kinect/joints_s01_e01.txt"
    if not file.is_file():
        pytest.skip("UT-Kinect is not in shared/")
    assert np.median(_lengths(recording.read(file).joints), axis=(0, 1)).max() < 0.55


def test_bones_of_hdm05_keep_their_length_while_the_body_moves():
    asf = next(SHARED.glob("data/hdm05_11/**/HDM_bd.asf"), None)
    amc = next(SHARED.glob("data/hdm05_11/**/HDM_bd_*.amc"), None)
    if not (asf and amc):
        pytest.skip("HDM05 is not in shared/")
    assert np.ptp(_lengths(hdm05.read_joints(amc, asf)), axis=0).max() < 1e-6
