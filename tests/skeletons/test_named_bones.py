import pytest
from test_joint_names import KINECT_NAMES

from mans_keras.errors import InputError
from mans_keras.skeletons.bones import bones, named_bones, read_bones
from mans_keras.skeletons.formats import text_file
from mans_keras.skeletons.hdm05 import JOINTS


def words(text):
    return text.split()


FACE = "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear right_ear"
PAIRS = "shoulder elbow wrist pinky index thumb hip knee ankle heel foot_index"
MEDIAPIPE = words(f"{FACE} mouth_left mouth_right") + [
    f"{s}_{part}" for part in PAIRS.split() for s in ("left", "right")
]
COCO = words("nose left_eye right_eye left_ear right_ear")
COCO += [f"{s}_{part}" for part in words("shoulder elbow wrist hip knee ankle") for s in ("left", "right")]
OPENPOSE = words("Nose Neck RShoulder RElbow RWrist LShoulder LElbow LWrist MidHip RHip RKnee RAnkle LHip LKnee LAnkle")
OPENPOSE += words("REye LEye REar LEar LBigToe LSmallToe LHeel RBigToe RSmallToe RHeel")
HALPE = [*COCO, *words("head neck hip left_big_toe right_big_toe left_small_toe right_small_toe left_heel right_heel")]
AZURE = words("PELVIS SPINE_NAVEL SPINE_CHEST NECK")
AZURE += [f"{p}_{s}" for s in ("LEFT", "RIGHT") for p in words("CLAVICLE SHOULDER ELBOW WRIST HAND HANDTIP THUMB")]
AZURE += [f"{p}_{s}" for s in ("LEFT", "RIGHT") for p in words("HIP KNEE ANKLE FOOT")]
AZURE += words("HEAD NOSE EYE_LEFT EAR_LEFT EYE_RIGHT EAR_RIGHT")
KINECT_2 = "SpineBase SpineMid Neck Head ShoulderLeft ElbowLeft WristLeft HandLeft ShoulderRight ElbowRight WristRight"
KINECT_2 = words(f"{KINECT_2} HandRight HipLeft KneeLeft AnkleLeft FootLeft HipRight KneeRight AnkleRight FootRight")
KINECT_2 += words("SpineShoulder HandTipLeft ThumbLeft HandTipRight ThumbRight")
MOTIVE = words("Hip Ab Chest Neck Head")
MOTIVE += [f"{s}{p}" for s in "LR" for p in words("Shoulder UArm FArm Hand Thigh Shin Foot Toe")]
# Names, their number, and how many parts hang together: the faces of MediaPipe and COCO hang from nothing.
BODIES = {
    "MediaPipe": (MEDIAPIPE, 33, 3),
    "COCO": (COCO, 17, 2),
    "OpenPose": (OPENPOSE, 25, 1),
    "Halpe": (HALPE, 26, 1),
    "Azure Kinect": (AZURE, 32, 1),
    "Kinect v1": (KINECT_NAMES, 20, 1),
    "Kinect v2": (KINECT_2, 25, 1),
    "HDM05": (list(JOINTS), 31, 1),
    "Motive": (MOTIVE, 21, 1),
    "KARD": (text_file.KARD, 15, 1),
    "SBU": (text_file.SBU, 15, 1),
    "CAD-60": (text_file.CAD, 15, 1),
}


def parts(pairs, joints):
    """How many groups of joints the pairs leave."""
    group = list(range(joints))
    for a, b in pairs:
        group = [group[a] if number == group[b] else number for number in group]
    return len(set(group))


@pytest.mark.parametrize(("names", "joints", "groups"), BODIES.values(), ids=BODIES)
def test_every_joint_of_a_known_body_is_drawn(names, joints, groups):
    assert len(names) == joints
    assert parts(named_bones(names), joints) == groups


def test_limbs_hang_together_by_name():
    pairs = {(MEDIAPIPE[a], MEDIAPIPE[b]) for a, b in named_bones(MEDIAPIPE)}
    limbs = {("left_elbow", "left_wrist"), ("right_hip", "right_knee"), ("left_shoulder", "left_hip")}
    assert limbs | {("left_shoulder", "right_shoulder"), ("left_hip", "right_hip")} <= pairs


def test_the_bones_of_kinect_1_are_the_same_by_name_and_by_number():
    assert set(named_bones(KINECT_NAMES)) == set(bones(20))


def test_the_order_of_the_joints_is_free():
    names = sorted(KINECT_2)
    result = {frozenset((names[a], names[b])) for a, b in named_bones(names)}
    assert result == {frozenset((KINECT_2[a], KINECT_2[b])) for a, b in named_bones(KINECT_2)}


def test_bones_may_be_given_by_name_or_by_number():
    assert read_bones("left-hip-knee, 2-0", ("left-hip", "knee", "foot"), 3) == ((0, 1), (2, 0))
    for text in ("knee", "knee-toe", "0-3", ""):
        with pytest.raises(InputError, match="is not two joints with a - between them; the joints are"):
            read_bones(text, ("hip", "knee", "foot"), 3)


def test_names_of_no_body_have_no_bones():
    assert named_bones(["a", "b", "left_hip"]) == ()
    assert bones(3, names=("a", "b", "c")) == () and bones(20, names=KINECT_NAMES) == named_bones(KINECT_NAMES)
    assert bones(20, names=["a"] * 20) == ()
