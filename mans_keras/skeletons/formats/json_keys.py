"""The keys of the objects in `.json` files. Capitals and underscores do not matter: `poseWorldLandmarks` is one."""

# A frame's or a body's dict: the first of these keys that it has leads on. Where an estimator writes 3-D joints next to
# their places in the image, the 3-D ones come first.
KEYS = (
    "people",
    "bodies",
    "instances",
    "pose_world_landmarks",
    "world_landmarks",
    "keypoints_3d",
    "pose_keypoints_3d",
    "joint_positions",
    "joints",
    "keypoints",
    "landmarks",
    "landmark",
)
# Places in an image: a z among them, if there is one, is not a depth in metres.
IMAGE_KEYS = ("pose_landmarks", "pose_keypoints_2d", "keypoints_2d")
NW_UCLA = "skeletons"
FRAMES_KEYS = ("frames", "instance_info", NW_UCLA)  # the second is MMPose's
SCORED_KEYS = ("pose_keypoints_3d", "keypoints_3d")  # OpenPose and EasyMocap write x y z and a score a joint
ID_KEYS = ("body_id", "person_id", "tracking_id", "track_id", "tracker_id", "user_id", "player_id", "skeleton_id")
ID_KEYS += ("actor_id", "subject_id", "body", "person", "track", "user", "player", "skeleton", "actor", "subject")
ID_KEYS += ("body_index", "person_index", "id", "idx")
NAME_KEYS = ("name", "joint_name", "joint_type", "joint", "type", "joint_id", "joint_index", "id", "index")
LABEL_KEYS = ("keypoint", "landmark", "marker", "label", "part", "body_part", "bone")  # if they differ for all joints
LABEL_KEYS += ("keypoint_name", "landmark_name", "marker_name", "part_name")
POSITION_KEYS = ("position", "camera_position", "world_position")
AXES = (("camera_x", "camera_y", "camera_z"), ("x", "y", "z"))
