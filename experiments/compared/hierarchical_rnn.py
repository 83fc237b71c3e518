"""Hierarchical RNN, HBRNN-L (Y. Du, W. Wang, L. Wang, CVPR 2015): five parts of the body, joined step by step.

Figure 2: four bidirectional layers, tanh units in the first three and LSTM units in the last. The first has a network
for each part; before the second the trunk joins every limb; before the third both arms become the upper body and both
legs the lower body; before the fourth the whole body. The outputs of all frames are summed and go to a softmax layer.

Open, or not readable for us: the units of each layer for these data sets (here 30, 60, 60, 60 in each direction), and
dropout (here none). Their noise and random rotations are replaced by the recipe's augmentation. Outputs are averaged
over the frames, not summed: with another bias it is the same. Two bodies: each part holds the joints of both.
"""

from keras import layers

from experiments.compared.bodies import parts
from experiments.compared.layers import Joints, lstm

NAMES = ("left_arm", "right_arm", "trunk", "left_leg", "right_leg")
UNITS = (30, 60, 60, 60)


def _tanh(units, regularizer, name):
    penalty = {"kernel_regularizer": regularizer, "recurrent_regularizer": regularizer}
    rnn = layers.SimpleRNN(units, return_sequences=True, **penalty)
    return layers.Bidirectional(rnn, name=name)


def hierarchical_rnn(sequence, regularizer=None):
    """Sequence (batch, frames, bodies, joints, 3) -> features (batch, 120)."""
    first = {}
    for name, joints in zip(NAMES, parts(sequence.shape[3]), strict=True):
        first[name] = _tanh(UNITS[0], regularizer, f"bl1_{name}")(Joints(joints, name=name)(sequence))

    def joined(name, *branches):
        return layers.Concatenate(name=f"join_{name}")(branches)

    second = {}
    for name in NAMES:
        if name != "trunk":
            with_trunk = joined(name, first[name], first["trunk"])
            second[name] = _tanh(UNITS[1], regularizer, f"bl2_{name}")(with_trunk)
    upper = joined("upper_body", second["left_arm"], second["right_arm"])
    lower = joined("lower_body", second["left_leg"], second["right_leg"])
    halves = [_tanh(UNITS[2], regularizer, f"bl3_{name}")(x) for name, x in (("upper", upper), ("lower", lower))]
    body = layers.Bidirectional(lstm(UNITS[3], regularizer, "lstm"), name="bl4_body")(joined("body", *halves))
    return layers.GlobalAveragePooling1D(name="over_frames")(body)
