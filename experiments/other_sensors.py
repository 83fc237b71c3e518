"""Bodies of other sensors, given to the model in the repository, which knows Kinect v1's 20 joints.

MediaPipe, Azure Kinect and Kinect v2 (NTU RGB+D) have other joints. `mans predict` maps them; this script measures what
that costs. RAW is the folder of UT-Kinect: its test sequences are tested as they are, and with what those sensors
lack: without Kinect v1's joints of the trunk, and with the hips in the same place in all frames, as MediaPipe's world
landmarks have them. SYNTHETIC bodies, which perform actions like UT-Kinect's, have all joints of each sensor. Their
first row has the joints of Kinect v2 whose names Kinect v1 shares.
"""

import json

import click
import numpy as np

from experiments import common, options
from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.reports import tables
from mans_keras.skeletons import joint_mapping, joint_names, ut_kinect
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import KINECT_1, KINECT_1_NAMES, KINECT_2_NAMES
from mans_keras.skeletons.synthetic import examples
from mans_keras.skeletons.synthetic.actions import DRAWN, REST, THRUST, pose
from mans_keras.skeletons.synthetic.body import make_subject

EXPERIMENT = "other_sensors"
MODEL = common.DATA_PREP.parent / "experiments" / "results" / "trained" / "mans9_ut_kinect.h5"
REAL, SYNTHETIC = "UT-Kinect, the five people whom the model was not trained on", "SYNTHETIC bodies"
PEOPLE = range(1, 9)  # synthetic

SEATED = pose(both_hip=85, both_knee=90, bend=20)
LOW = pose(bend=75, both_hip=35, both_knee=35, both_raise=50)
BEHIND, THROWN = pose(right_raise=150, right_elbow=80), pose(right_raise=60, right_elbow=5, bend=15)
ARMS_UP, HANDS_IN = pose(both_side=150, both_elbow=15), pose(both_side=175, both_elbow=25)
APART = pose(both_raise=55, both_elbow=60, both_roll=-10)
TOGETHER = pose(both_raise=55, both_elbow=60, both_roll=45)
STEPS = [pose(left_hip=30, left_knee=15, right_hip=-20, right_raise=20, left_raise=-15, forward=0.35)]
STEPS += [pose(right_hip=30, right_knee=15, left_hip=-20, left_raise=20, right_raise=-15, forward=0.7)]
HELD = pose(both_raise=35, both_elbow=70)
ARMS = [index for index, value in enumerate(HELD) if value]


def _walk(held=False):
    walking = []
    for number in range(6):
        step = STEPS[number % 2].copy()
        step += pose(forward=0.7 * (number // 2))
        if held:
            step[ARMS] = HELD[ARMS]
        walking.append((0.5, step))
    return walking


# {class: [(seconds to a pose, the pose)]}, from the first pose on.
ACTIONS = {
    "walk": [(0, REST), *_walk()],
    "sitDown": [(0, REST), (1.2, SEATED), (0.3, SEATED)],
    "standUp": [(0, SEATED), (0.3, SEATED), (1.2, REST)],
    "pickUp": [(0, REST), (0.9, LOW), (0.3, LOW), (0.9, REST)],
    "carry": [(0, HELD), *_walk(held=True)],
    "throw": [(0, REST), (0.6, BEHIND), (0.25, THROWN), (0.5, REST)],
    "push": [(0, REST), (0.4, DRAWN), (0.3, THRUST), (0.3, THRUST)],
    "pull": [(0, REST), (0.4, THRUST), (0.2, THRUST), (0.4, DRAWN)],
    "waveHands": [(0, REST), (0.5, ARMS_UP), *[(0.3, HANDS_IN), (0.3, ARMS_UP)] * 3],
    "clapHands": [(0, APART), *[(0.25, TOGETHER), (0.25, APART)] * 4],
}


def perform(action, number):
    """Joints (frames, 25, 3) of Kinect v2, metres, y up, of the synthetic person `number`, facing the sensor."""
    rng = np.random.default_rng([number, list(ACTIONS).index(action)])
    joints = examples.perform(ACTIONS[action], make_subject(np.random.default_rng(number)))
    return joints + rng.normal(scale=examples.NOISE, size=joints.shape)


def as_azure(joints):
    """(frames, 25, 3) of Kinect v2 as Azure Kinect's 32 joints."""
    place = dict(zip(KINECT_2_NAMES, joints.swapaxes(0, 1), strict=True))
    own = {"PELVIS": place["SpineBase"], "NECK": place["Neck"], "HEAD": place["Head"]}
    own |= {"SPINE_NAVEL": place["SpineMid"], "SPINE_CHEST": (place["SpineMid"] + place["SpineShoulder"]) / 2}
    own |= _face(place)
    for side in ("Left", "Right"):
        own[f"CLAVICLE_{side.upper()}"] = (place["SpineShoulder"] * 3 + place[f"Shoulder{side}"]) / 4
        for part in ("Shoulder", "Elbow", "Wrist", "Hand", "HandTip", "Thumb", "Hip", "Knee", "Ankle", "Foot"):
            own[f"{part}_{side}".upper()] = place[part + side]
    return np.stack([own[name] for name in joint_mapping.AZURE], axis=1)


def as_mediapipe(joints):
    """(frames, 25, 3) of Kinect v2 as MediaPipe's 33 joints."""
    place = dict(zip(KINECT_2_NAMES, joints.swapaxes(0, 1), strict=True))
    face = _face(place)
    own = {"nose": face["NOSE"]}
    for side in ("left", "right"):
        eye, big = face[f"EYE_{side.upper()}"], side.capitalize()
        own |= {f"{side}_eye_inner": eye, f"{side}_eye": eye, f"{side}_eye_outer": eye, f"mouth_{side}": face["NOSE"]}
        own[f"{side}_ear"] = face[f"EAR_{side.upper()}"]
        own |= {f"{side}_{part}": place[part.capitalize() + big] for part in ("shoulder", "elbow", "wrist", "thumb")}
        own |= {f"{side}_{part}": place[part.capitalize() + big] for part in ("hip", "knee", "ankle")}
        own |= dict.fromkeys((f"{side}_pinky", f"{side}_index"), (place[f"Hand{big}"] + place[f"HandTip{big}"]) / 2)
        toes = place[f"Foot{big}"] - place[f"Ankle{big}"]
        own |= {f"{side}_heel": place[f"Ankle{big}"] - 0.4 * toes, f"{side}_foot_index": place[f"Foot{big}"] + toes}
    return np.stack([own[name] for name in joint_mapping.MEDIAPIPE], axis=1)


def _face(place):
    """Nose, eyes and ears around the head, 7 cm to each side and 9 cm in front."""
    left = place["ShoulderLeft"] - place["ShoulderRight"]
    left = left / np.linalg.norm(left, axis=1, keepdims=True)
    up = place["Head"] - place["Neck"]
    front = np.cross(left, up / np.linalg.norm(up, axis=1, keepdims=True))
    head = place["Head"]
    around = {"NOSE": head + 0.09 * front}
    for side, sign in (("LEFT", 1), ("RIGHT", -1)):
        around |= {f"EYE_{side}": head + 0.08 * front + 0.03 * sign * left, f"EAR_{side}": head + 0.07 * sign * left}
    return around


def hips_fixed(joints, hips):
    """Joints (frames, joints, 3) moved so that the middle of the two hips is the same in all frames."""
    middle = joints[:, hips].mean(axis=1, keepdims=True)
    return joints - middle + middle[:1]


def mapped(joints, names):
    """(frames, 20, 3) of Kinect v1, by the package's mapping."""
    content = Parsed(joints[:, None], names)
    result = joint_mapping.mapped(content, KINECT_1_NAMES)
    return result.joints[:, 0]


def _hips(names):
    keys = joint_names.keys(names)
    return [keys.index("lhip"), keys.index("rhip")]


def conditions(raw):
    """{(recordings, joints): [(class, joints (frames, 20, 3))]}; raw: UT-Kinect's folder."""
    segments = ut_kinect.relabelled(ut_kinect.segments(raw))
    sequences = [ut_kinect.read(segment) for segment in segments if segment.first is not None]
    test = [sequence for sequence in sequences if sequence.subject % 2 == 0]
    real = [(ut_kinect.CLASS_NAMES[sequence.label], sequence.joints[:, 0]) for sequence in test]
    hips = [KINECT_1.left_hip, KINECT_1.right_hip]
    made = {
        (REAL, "Kinect v1, as recorded"): real,
        (REAL, "trunk computed from hips and shoulders"): [(name, mapped_trunk(j)) for name, j in real],
        (REAL, "that, and hips in one place"): [(name, hips_fixed(mapped_trunk(j), hips)) for name, j in real],
    }
    performed = [(action, perform(action, number)) for action in ACTIONS for number in PEOPLE]
    made[SYNTHETIC, "Kinect v1"] = [(name, joints[:, examples.KINECT_1]) for name, joints in performed]
    for sensor, names, convert in (
        ("Kinect v2 (NTU RGB+D), 25 joints", KINECT_2_NAMES, lambda joints: joints),
        ("Azure Kinect, 32 joints", joint_mapping.AZURE, as_azure),
        ("MediaPipe, 33 joints", joint_mapping.MEDIAPIPE, as_mediapipe),
    ):
        made[SYNTHETIC, sensor] = [(name, mapped(convert(joints), names)) for name, joints in performed]
    made[SYNTHETIC, "MediaPipe, 33 joints, hips in one place"] = [
        (name, hips_fixed(joints, hips)) for name, joints in made[SYNTHETIC, "MediaPipe, 33 joints"]
    ]
    return made


def mapped_trunk(joints):
    """Joints (frames, 20, 3) of Kinect v1 whose trunk is computed, as that of a body of another sensor."""
    names = [name for name in KINECT_1_NAMES if joint_names.plain(name) not in joint_mapping.TRUNK]
    return mapped(joints[:, [KINECT_1_NAMES.index(name) for name in names]], tuple(names))


def ask(made, model=MODEL):
    """The records of all conditions: predictions of the model."""
    from mans_keras.recognition.recognizer import Recognizer

    recognizer, records = Recognizer(model), []
    for (recordings, joints), sequences in made.items():
        x = np.stack([recognizer.tensor(body[:, None]) for _, body in sequences])
        predicted = recognizer.model.predict(x, batch_size=64, verbose=0).argmax(axis=1)
        true = [recognizer.class_names.index(name) for name, _ in sequences]
        records.append(
            {
                "experiment": EXPERIMENT,
                "dataset": "ut_kinect",
                "recordings": recordings,
                "joints": joints,
                "model": model.name,
                "class_names": list(recognizer.class_names),
                "predictions": {"true": true, "predicted": predicted.tolist()},
            }
        )
    return records


def path_of(results, dataset):
    return results / EXPERIMENT / dataset / f"{EXPERIMENT}.json"


def records(results, dataset="ut_kinect"):
    """The records of this table, as a list; [] without any."""
    path = path_of(results, dataset)
    return json.loads(path.read_text()) if path.exists() else []


def table(records):
    """Title, header and rows of the table from its records."""
    rows, first = [], {}
    for record in records:
        true, predicted = (np.array(record["predictions"][which]) for which in ("true", "predicted"))
        own = first.setdefault(record["recordings"], predicted)
        accuracy, same = 100 * (predicted == true).mean(), 100 * (predicted == own).mean()
        rows.append([record["recordings"], record["joints"], len(true), f"{accuracy:.1f}", f"{same:.1f}"])
    title = (
        f"The model {records[0]['model']}, which knows Kinect v1's 20 joints, tested with other sensors' joints: "
        "accuracy, and the share of answers that are the same as with the joints of the first row of these recordings."
    )
    return title, ["recordings", "joints", "number", "accuracy, %", "same answer, %"], rows


@options.command(
    __doc__,
    click.Argument(["raw"], type=options.FOLDER),
    options.results(),
)
def main(args):
    if not args.raw.is_dir():
        raise InputError(f"{args.raw} does not exist: it should be the folder of UT-Kinect")
    made = ask(conditions(args.raw))
    with replacing(path_of(args.results, "ut_kinect")) as part:
        part.write_text("[\n" + ",\n".join(map(json.dumps, made)) + "\n]\n")
    folder = args.results / EXPERIMENT / "ut_kinect"
    print(tables.write_table(folder, EXPERIMENT, *table(made)))


if __name__ == "__main__":
    main()
