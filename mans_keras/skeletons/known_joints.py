"""The names of the joints of the known data sets."""

from mans_keras.skeletons.hdm05 import JOINTS
from mans_keras.skeletons.sequence import KINECT_1_NAMES, KINECT_2_NAMES

KINECT_1_DATASETS = ("sysu_3d", "ut_kinect", "nw_ucla", "utd_mhad")
NAMES = {"ntu_rgbd": KINECT_2_NAMES, "ntu_rgbd_120": KINECT_2_NAMES, "synthetic": KINECT_2_NAMES, "hdm05": JOINTS}
NAMES |= dict.fromkeys(KINECT_1_DATASETS, KINECT_1_NAMES)


def of_dataset(dataset: str, joints: int) -> tuple[str, ...]:
    """The names of the joints of a known data set, in their order; () if it is not known, or has another number."""
    names = NAMES.get(dataset, ())
    return names if len(names) == joints else ()
