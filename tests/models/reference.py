"""Eqs. 1-8 of the paper and the gate of STA-LSTM in NumPy float64, one sequence (T, N) at a time.

Written from the papers, to check `mans_keras.tarm` against. Weights are a dictionary that is named as in Keras, e.g.
`{"reduce_joints/kernel": (N, K), "forward_gru/gru_cell/bias": (2, 3K), ...}`.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def part(weights, prefix):
    """The weights below `prefix`, named without it."""
    return {name.removeprefix(f"{prefix}/"): w for name, w in weights.items() if name.startswith(f"{prefix}/")}


def fc(x, kernel, bias):
    return x @ kernel + bias


def gru(x, kernel, recurrent_kernel, bias, input_mask=(1, 1, 1), state_mask=(1, 1, 1)):
    """Hidden states (T, K) for x (T, K): gates update, reset, candidate; the reset acts on the recurrent product.

    input_mask, state_mask: what dropout multiplies x and the state with, for each gate.
    """
    h = np.zeros(len(recurrent_kernel))
    states = []

    def products(x, masks, kernel, bias):
        return [x * m @ w + b for m, w, b in zip(masks, np.split(kernel, 3, axis=1), np.split(bias, 3), strict=True)]

    for x_t in x:
        x_update, x_reset, x_candidate = products(x_t, input_mask, kernel, bias[0])
        h_update, h_reset, h_candidate = products(h, state_mask, recurrent_kernel, bias[1])
        update, reset = sigmoid(x_update + h_update), sigmoid(x_reset + h_reset)
        h = update * h + (1 - update) * np.tanh(x_candidate + reset * h_candidate)
        states.append(h)
    return np.array(states)


def lstm(x, kernel, recurrent_kernel, bias):
    """Hidden states (T, K) for x (T, K): gates input, forget, cell, output."""
    h = c = np.zeros(len(recurrent_kernel))
    states = []
    for x_t in x @ kernel + bias:
        i, f, g, o = np.split(x_t + h @ recurrent_kernel, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


def residual_attention(x, weights):
    """F_A (T, K) of Eqs. 6-8, with all K copies of Eq. 7; "weighted": with a weight for each unit in place of Eq. 6."""
    units = weights.get("weigh_units/kernel")
    pooled = x.mean(axis=1, keepdims=True) if units is None else x @ units
    copies = np.concatenate([pooled] * x.shape[1], axis=1)
    w_1, b_1 = weights["squeeze/kernel"].T, weights["squeeze/bias"][:, None]
    w_2, b_2 = weights["excite/kernel"].T, weights["excite/bias"][:, None]
    return sigmoid(w_2 @ relu(w_1 @ copies + b_1) + b_2)


def song_attention(x, weights):
    """beta (T, 1) of STA-LSTM: ReLU(W_x x_t + W_h h_{t-1} + b) with h_0 = 0."""
    hidden = lstm(x, **part(weights, "hidden/lstm_cell"))
    gates = []
    for t, x_t in enumerate(x):
        previous = hidden[t - 1] if t > 0 else np.zeros_like(hidden[0])
        gate = x_t @ weights["from_input/kernel"] + previous @ weights["from_hidden/kernel"]
        gates.append(relu(gate + weights["from_input/bias"]))
    return np.array(gates)


def frame_gate(x, weights):
    """sigmoid(w x_t + b), (T, 1)."""
    return sigmoid(x @ weights["gate/kernel"] + weights["gate/bias"])


def tarm(x, weights, attention):
    """X~ (T, N) of Eq. 1."""
    resized = fc(x, **part(weights, "reduce_joints"))
    forward = gru(resized, **part(weights, "forward_gru/gru_cell"))
    backward = gru(resized[::-1], **part(weights, "backward_gru/gru_cell"))[::-1]
    recalibrated = forward + backward
    if attention in ("residual", "frozen", "weighted"):
        recalibrated = recalibrated * residual_attention(resized, part(weights, "attention"))
    elif attention == "song":
        recalibrated = recalibrated * song_attention(resized, part(weights, "attention"))
    elif attention == "gate":
        recalibrated = recalibrated * frame_gate(resized, part(weights, "attention"))
    return x + fc(recalibrated, **part(weights, "restore_joints"))
