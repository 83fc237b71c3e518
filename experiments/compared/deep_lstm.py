"""Deep LSTM with co-occurrence (W. Zhu, C. Lan, J. Xing, W. Zeng, Y. Li, L. Shen, X. Xie, AAAI 2016).

Figure 1: three bidirectional LSTM layers with two fully connected layers between them. The co-occurrence penalty is on
the input kernels of the first two LSTM layers: the units of a layer are divided into K groups, and for each gate

    lambda_1 sum |W| + lambda_2 sum over groups k and inputs j of || W_jk ||_2,

W_jk the weights from input j to the units of group k: a group learns which joints occur together. Outputs are summed
over frames.

Open, or not readable for us: the sizes (here 100, 110, 100 units in each direction and 110 in the connected layers,
which gives the 0.6M parameters that the paper on MANs states), the connected layers' activation (tanh), K (10),
lambda_1 (1e-5) and lambda_2 (1e-4). Their "in-depth dropout" inside the last LSTM is a dropout of 0.5 on its output
here. Outputs are averaged over the frames, not summed: with another bias it is the same.
"""

import keras
from keras import layers, ops

from experiments.compared.layers import flat, lstm, register

UNITS = (100, 110, 100)
CONNECTED = 110
GROUPS = 10
LAMBDA_1, LAMBDA_2 = 1e-5, 1e-4


@register
class CoOccurrence(keras.regularizers.Regularizer):
    """The penalty on the input kernel (inputs, 4 x units) of an LSTM; groups must divide units."""

    def __init__(self, groups=GROUPS, lambda_1=LAMBDA_1, lambda_2=LAMBDA_2):
        self.groups, self.lambda_1, self.lambda_2 = groups, lambda_1, lambda_2

    def __call__(self, kernel):
        # the gates lie side by side, and so do the groups in each
        grouped = ops.reshape(kernel, (kernel.shape[0], 4 * self.groups, -1))
        # the root of 0 has no gradient
        norms = ops.sqrt(ops.sum(ops.square(grouped), axis=-1) + 1e-12)
        return self.lambda_1 * ops.sum(ops.abs(kernel)) + self.lambda_2 * ops.sum(norms)

    def get_config(self):
        return {"groups": self.groups, "lambda_1": self.lambda_1, "lambda_2": self.lambda_2}


def deep_lstm(sequence, regularizer=None):
    """Sequence (batch, frames, bodies, joints, 3) -> features (batch, 200)."""
    x = flat(sequence)
    for number, units in enumerate(UNITS, start=1):
        last = number == len(UNITS)
        own = {} if last else {"kernel_regularizer": CoOccurrence()}
        x = layers.Bidirectional(lstm(units, regularizer, "lstm", **own), name=f"lstm_{number}")(x)
        if not last:
            connected = layers.Dense(CONNECTED, "tanh", kernel_regularizer=regularizer, name=f"connected_{number}")
            x = connected(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    return layers.GlobalAveragePooling1D(name="over_frames")(x)
