"""The actions of the synthetic subjects: twelve, each a list of (seconds to reach the pose, pose).

"right" stands for the side that the subject prefers in a recording. Angles: see `body.DOFS`.
"""

from typing import NamedTuple

import numpy as np

from mans_keras.skeletons.synthetic.body import DOFS, SIDES


def pose(**values: float) -> np.ndarray:
    """A pose (DOFs,); `both_<limb>` sets a limb on both sides, everything else is 0."""
    row = np.zeros(len(DOFS))
    for name, value in values.items():
        for side in SIDES:
            row[DOFS.index(name.replace("both", side))] = value
    return row


class Action(NamedTuple):
    """The steps of the actor and, in a two-person action, those of the partner, who stands `distance` metres away."""

    steps: list
    partner: list | None = None
    distance: float = 0.0


REST = pose()
STAND_BY = [(1.0, REST)]

WAVE_OUT = pose(right_raise=155, right_side=45, right_elbow=15, lean=-3)
WAVE_IN = pose(right_raise=155, right_side=-5, right_elbow=35, lean=-3)
WAVE = [(0.5, WAVE_OUT), *[(0.25, WAVE_IN), (0.25, WAVE_OUT)] * 2, (0.5, REST)]

KICK_DRAW = pose(right_hip=-30, right_knee=80, left_raise=20, right_raise=-15, bend=8)
KICK_HIT = pose(right_hip=95, right_knee=10, left_raise=35, right_raise=-30, bend=-10)
KICK = [(0.4, KICK_DRAW), (0.35, KICK_HIT), (0.35, KICK_HIT), (0.5, REST)]

ON_ONE_LEG = pose(right_hip=15, right_knee=85, left_hip=25, left_knee=40, bend=12)
IN_THE_AIR = pose(right_hip=15, right_knee=85, left_raise=25, right_raise=25, lift=0.22)
HOP = [(0.4, ON_ONE_LEG), *[(0.25, IN_THE_AIR), (0.25, ON_ONE_LEG)] * 3, (0.4, REST)]

RIGHT_LEAN, LEFT_LEAN = pose(lean=-48, left_side=40), pose(lean=48, right_side=40)
LEAN = [(0.5, RIGHT_LEAN), (0.2, RIGHT_LEAN), (0.6, LEFT_LEAN), (0.2, LEFT_LEAN), (0.5, REST)]

RIGHT_OUT, LEFT_OUT = pose(right_side=90), pose(left_side=90)
TOGETHER = [(0.5, RIGHT_OUT + LEFT_OUT), (0.4, RIGHT_OUT + LEFT_OUT), (0.5, REST)]
IN_TURN = [(0.5, RIGHT_OUT), (0.4, RIGHT_OUT), (0.5, LEFT_OUT), (0.4, LEFT_OUT), (0.5, REST)]

STRIDE = pose(right_hip=35, right_knee=45, left_hip=5, sideways=-0.35, lean=-4)
ASIDE = pose(sideways=-0.7)
STRIDE_BACK = pose(left_hip=35, left_knee=45, right_hip=5, sideways=-0.35, lean=4)
STEP_ASIDE = [(0.35, STRIDE), (0.35, ASIDE), (0.5, ASIDE), (0.35, STRIDE_BACK), (0.35, REST)]

RIGHT_TURN = pose(twist=-45, turn=-45, right_raise=-15, left_raise=20)
LEFT_TURN = pose(twist=45, turn=45, right_raise=20, left_raise=-15)
LOOK_AROUND = [(0.5, RIGHT_TURN), (0.3, RIGHT_TURN), (0.8, LEFT_TURN), (0.3, LEFT_TURN), (0.5, REST)]

LOW = pose(both_hip=75, both_knee=110, bend=30)
HIGH = pose(both_raise=165, both_side=12, nod=-15)
CROUCH_THEN_STRETCH = [(0.6, LOW), (0.2, LOW), (0.6, HIGH), (0.2, HIGH), (0.6, REST)]
STRETCH_THEN_CROUCH = [(0.6, HIGH), (0.2, HIGH), (0.6, LOW), (0.2, LOW), (0.6, REST)]

OFFERED = pose(right_raise=38, right_elbow=35, right_roll=35, bend=4)
SHAKEN = pose(right_raise=42, right_elbow=60, right_roll=35, bend=4)
SHAKE_HANDS = [(0.7, OFFERED), *[(0.2, SHAKEN), (0.2, OFFERED)] * 2, (0.7, REST)]

DRAWN = pose(both_raise=30, both_elbow=110, right_hip=10, right_knee=15)
THRUST = pose(both_raise=85, both_elbow=8, bend=18, right_hip=30, right_knee=30, forward=0.1)
PUSH = [(0.5, DRAWN), (0.2, THRUST), (0.25, THRUST), (0.7, REST)]
STAGGER = pose(bend=-14, both_raise=45, both_elbow=40, left_hip=-20, left_knee=15, nod=15, forward=-0.3)
PUSHED = [(0.6, REST), (0.3, STAGGER), (0.4, STAGGER), (0.5, REST)]

ACTIONS = {
    "wave": Action(WAVE),
    "kick": Action(KICK),
    "hop on one leg": Action(HOP),
    "lean to one side, then the other": Action(LEAN),
    "raise both arms together": Action(TOGETHER),
    "raise one arm, then the other": Action(IN_TURN),
    "step aside and back": Action(STEP_ASIDE),
    "look around": Action(LOOK_AROUND),
    "crouch, then stretch": Action(CROUCH_THEN_STRETCH),
    "stretch, then crouch": Action(STRETCH_THEN_CROUCH),
    "shake hands": Action(SHAKE_HANDS, SHAKE_HANDS, distance=0.9),
    "push other person": Action(PUSH, PUSHED, distance=0.8),
}

# The two actions of a pair move the same joints to the same poses; only the times or the order differ.
TIME_ONLY_PAIRS = (
    ("raise both arms together", "raise one arm, then the other"),
    ("crouch, then stretch", "stretch, then crouch"),
)
