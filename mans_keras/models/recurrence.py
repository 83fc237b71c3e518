"""The recurrence of Keras' GRU layer, faster, with its gradient written out.

The loop over the frames contains only what depends on the previous state. Products with the input and dropout masks are
computed outside. The gradient is a second loop, which carries only the error, since it is linear in the error. Gates,
their derivatives and the gradients of the weights are computed for all frames at once.

Shapes: T frames, B sequences, K units; 3 gates, update z, reset r and candidate c.
"""

import contextlib
import contextvars

import keras
from keras import ops

_plain_loop = contextvars.ContextVar("plain_loop", default=False)
_for_onnx = contextvars.ContextVar("for_onnx", default=False)


@contextlib.contextmanager
def plain_loops():
    """In this block, hidden states are computed by a plain loop, which can be exported but is slower.

    `keras.ops.scan` keeps lists of tensors: LiteRT converts them only for a fixed batch, and tf2onnx not at all.
    """
    token = _plain_loop.set(True)
    try:
        yield
    finally:
        _plain_loop.reset(token)


@contextlib.contextmanager
def onnx_nodes():
    """In this block, TensorFlow's graphs have a node for a whole GRU, which tf2onnx makes a GRU node of ONNX.

    That is many times faster in ONNX Runtime than a loop. The graphs can't run in TensorFlow, and tf2onnx forgets that
    the reset gate acts after the product: `complete_onnx` adds it.
    """
    token = _for_onnx.set(True)
    try:
        yield
    finally:
        _for_onnx.reset(token)


def complete_onnx(graph):
    """Say in each GRU node of an ONNX graph, traced under `onnx_nodes`, that its reset gate acts as in Keras."""
    import onnx

    for node in graph.node:
        if node.op_type == "GRU":
            node.attribute.append(onnx.helper.make_attribute("linear_before_reset", 1))


def hidden_states(gru, x, training=False):
    """Hidden states (B, T, K) of a GRU layer for x (B, T, K'), in the order in which it reads the frames.

    Args:
        gru: a built `keras.layers.GRU` as TARM makes it. It may differ from Keras' defaults in units, dropout (the same
            for inputs and states), direction, initialisers and regularisers only. With TensorFlow on a GPU, cuDNN
            computes the states, unless the layer excludes it.
        training: whether to draw dropout masks. As in Keras, each gate has a different mask, the same for all frames.
    """
    if _for_onnx.get():
        return _states_of_node(gru, x)
    if _plain_loop.get():
        return _states_of_loop(gru, x)
    if not gru.supports_jit:
        return gru(x, training=training)
    kernel, recurrent_kernel = (_by_gate(weight) for weight in (gru.cell.kernel, gru.cell.recurrent_kernel))
    bias, recurrent_bias = ops.unstack(ops.reshape(gru.cell.bias, (2, 3, 1, gru.units)))
    x = ops.transpose(x, (1, 0, 2))
    x = (ops.flip(x, axis=0) if gru.go_backwards else x)[None]  # (1, T, B, K')
    state_mask = ops.ones((1, 1, 1), x.dtype)
    if training and gru.dropout:
        _, _, sequences, features = ops.shape(x)
        state_mask = _dropout_mask((3, sequences, gru.units), gru, x.dtype)
        x = x * _dropout_mask((3, 1, sequences, features), gru, x.dtype)
    products = ops.matmul(ops.reshape(x, (x.shape[0], -1, x.shape[-1])), kernel) + bias
    products = ops.reshape(products, (3, x.shape[1], -1, gru.units))
    states = _states(*ops.unstack(products), recurrent_kernel, recurrent_bias, state_mask)
    return ops.transpose(states, (1, 0, 2))


def _states_of_loop(gru, x):
    """The same hidden states by a loop over Keras' GRU cell, for inference."""
    frames = x.shape[1]
    places = ops.reshape(ops.arange(frames), (frames, 1, 1))
    x = ops.transpose(x, (1, 0, 2))
    x = ops.flip(x, axis=0) if gru.go_backwards else x
    first = ops.zeros_like(x[0])  # K features, as the state has

    def step(t, h, states):
        h, _ = gru.cell(ops.take(x, t, axis=0), [h], training=False)
        return t + 1, h, ops.where(places == t, h, states)

    start = (ops.convert_to_tensor(0), first, ops.zeros_like(x))
    states = ops.while_loop(lambda t, *_: t < frames, step, start)[2]
    return ops.transpose(states, (1, 0, 2))


def _states_of_node(gru, x):
    """The same hidden states as one node of TensorFlow's graph, with the weights in ONNX' order, for tf2onnx alone."""
    import tensorflow as tf

    x = ops.transpose(x, (1, 0, 2))
    x = ops.flip(x, axis=0) if gru.go_backwards else x
    weights = (ops.transpose(gru.cell.kernel), ops.transpose(gru.cell.recurrent_kernel), gru.cell.bias)
    states = tf.raw_ops.CudnnRNN(
        input=x,
        input_h=tf.zeros((1, tf.shape(x)[1], gru.units)),
        input_c=tf.zeros((0,)),
        params=ops.concatenate([ops.reshape(weight, (-1,)) for weight in weights]),
        rnn_mode="gru",
        is_training=False,
    )
    return ops.transpose(ops.reshape(states[0], (x.shape[0], -1, gru.units)), (1, 0, 2))


def _dropout_mask(shape, gru, dtype):
    """0 with the probability `gru.dropout`, else 1 / (1 - gru.dropout)."""
    seed = gru.cell.seed_generator
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # `keras.random` does not choose the algorithm: under XLA each number then takes 500 ns instead of 1 ns.
        drawn = tf.random.stateless_uniform(shape, tf.cast(seed.next(), "int32"), alg="philox")
    else:
        drawn = keras.random.uniform(shape, seed=seed)
    return ops.cast(drawn >= gru.dropout, dtype) / (1 - gru.dropout)


def _by_gate(kernel):
    """A kernel (K', 3 K) as (3, K', K)."""
    return ops.transpose(ops.reshape(kernel, (kernel.shape[0], 3, -1)), (1, 0, 2))


def _gates(x_z, x_r, x_c, recurrent):
    """z, r and c from the products with the input, and the products with the state, all three in one tensor."""
    h_z, h_r, h_c = ops.unstack(recurrent, 3)
    r = ops.sigmoid(x_r + h_r)
    return ops.sigmoid(x_z + h_z), r, ops.tanh(x_c + r * h_c)


def _traced_once(function):
    """The function; with TensorFlow, as a graph that all GRUs of the same shapes share.

    Otherwise each GRU is traced anew, and a network that is not compiled runs each operation of each frame from Python,
    which takes eight times as long.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    return tf.function(function, autograph=False)


# Each gate has a separate tensor: with slices of one tensor XLA does not vectorise the loops, which doubles the time.
@_traced_once
@ops.custom_gradient
def _states(x_z, x_r, x_c, kernel, bias, mask):
    """h_t = z h_{t-1} + (1 - z) c from h_0 = 0, (T, B, K).

    x_z, x_r, x_c (T, B, K); kernel (3, K, K); bias (3, 1, K); mask of the state (3, B, K), or (1, 1, 1).
    """
    frames = x_z.shape[0]
    zero = ops.zeros_like(x_z[0])

    def step(h, products):
        z, _, c = _gates(*products, ops.matmul(h * mask, kernel) + bias)
        h = z * h + (1 - z) * c
        return h, h

    states = ops.scan(step, zero, (x_z, x_r, x_c), length=frames)[1]

    def gradient(upstream):
        before = ops.concatenate([zero[None], states[:-1]])
        masked = ops.reshape(before * mask[:, None], (mask.shape[0], -1, kernel.shape[1]))
        recurrent = ops.reshape(ops.matmul(masked, kernel) + bias, (3, *ops.shape(states)))
        z, r, c = _gates(x_z, x_r, x_c, recurrent)
        # Derivatives of h_t: by the arguments of the sigmoid or tanh in z, c and r, and by the state's product in c.
        by_z = (before - c) * z * (1 - z)
        by_c = (1 - z) * (1 - c * c)
        by_r = by_c * recurrent[2] * r * (1 - r)
        by_product = by_c * r
        transposed = ops.transpose(kernel, (0, 2, 1))

        def step_back(error, now):
            upstream, z, *by = now
            error = error + upstream
            through = ops.matmul(ops.stack([error * derivative for derivative in by]), transposed) * mask
            return error * z + ops.sum(through, axis=0), error

        errors = ops.scan(step_back, zero, (upstream, z, by_z, by_r, by_product), length=frames, reverse=True)[1]
        of_z, of_r, of_c = errors * by_z, errors * by_r, errors * by_c
        of_recurrent = ops.reshape(ops.stack([of_z, of_r, errors * by_product]), (3, -1, kernel.shape[2]))
        of_kernel = ops.matmul(ops.transpose(masked, (0, 2, 1)), of_recurrent)
        return of_z, of_r, of_c, of_kernel, ops.sum(of_recurrent, axis=1, keepdims=True), ops.zeros_like(mask)

    return states, gradient
