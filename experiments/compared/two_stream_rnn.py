"""Two-stream RNN (H. Wang, L. Wang, CVPR 2017): one RNN runs over the frames, another over the joints.

Figure 1. Temporal stream (section 3.1, stacked): two LSTM layers over the frames, each with the coordinates of all
joints. Spatial stream (section 3.2, chain): an LSTM over the joints, in a chain from hand to hand, head to hips, foot
to foot; a step has the coordinates of one joint in a window of frames.

Open, or not readable for us: the units for data sets as small as these (here 256) and dropout (0.5 on each stream). The
window is the whole sequence. The source trains two networks and adds their weighted scores; here both are trained
together, and one softmax layer adds the scores before the softmax. Their augmentation is the recipe's.
"""

from keras import layers

from experiments.compared.bodies import chain
from experiments.compared.layers import Joints, flat, lstm

UNITS = 256


def two_stream_rnn(sequence, regularizer=None):
    """Sequence (batch, frames, bodies, joints, 3) -> features (batch, 512)."""
    _, frames, bodies, joints, channels = sequence.shape
    temporal = flat(sequence)
    for number in (1, 2):
        temporal = lstm(UNITS, regularizer, f"temporal_{number}")(temporal)

    order = chain(joints)
    spatial = Joints(order, name="chain")(sequence)
    spatial = layers.Reshape((frames, bodies, len(order), channels), name="chain_of_bodies")(spatial)
    spatial = layers.Permute((2, 3, 1, 4), name="joint_by_joint")(spatial)
    spatial = layers.Reshape((bodies * len(order), frames * channels), name="window")(spatial)
    spatial = lstm(UNITS, regularizer, "spatial")(spatial)

    streams = []
    for name, stream in (("temporal", temporal), ("spatial", spatial)):
        pooled = layers.GlobalAveragePooling1D(name=f"over_{name}")(stream)
        streams.append(layers.Dropout(0.5, name=f"dropout_{name}")(pooled))
    return layers.Concatenate(name="streams")(streams)
