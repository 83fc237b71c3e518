"""How many multiplications a network takes for one sequence."""

import math

import keras
from keras import layers

from experiments.table2_architectures import flops
from mans_keras.models.tarm import TARM


def multiplications(model: keras.Model) -> int:
    """Multiplications of one sequence's forward pass: convolutions, connected layers, recurrences, products of graphs.

    The rest (normalisation, activations, taking the joints from a tensor) is left out, as in Table 2's count.
    """
    if any(isinstance(layer, TARM) for layer in model.layers):
        return flops(model) // 2
    # with a batch of one, all sizes are known, also where bodies are samples of their own
    sized = keras.models.clone_model(model, input_tensors=keras.Input(batch_shape=(1, *model.input_shape[1:])))
    return sum(_of_layer(layer) for layer in sized.layers)


def _of_layer(layer):
    if hasattr(layer, "multiplications"):
        return layer.multiplications(
            keras.tree.map_structure(lambda tensor: tensor.shape, layer.input, none_is_leaf=False)
        )
    if isinstance(layer, layers.Dense):
        return layer.kernel.shape[0] * math.prod(layer.output.shape)
    if isinstance(layer, (layers.Conv1D, layers.Conv2D)):
        return math.prod(layer.kernel.shape[:-1]) * math.prod(layer.output.shape)
    if isinstance(layer, layers.Bidirectional):
        return sum(_recurrence(half, layer.input.shape) for half in (layer.forward_layer, layer.backward_layer))
    return _recurrence(layer, layer.input.shape) if isinstance(layer, layers.RNN) else 0


def _recurrence(layer, shape):
    batch, frames, _ = shape
    kernels = (layer.cell.kernel, layer.cell.recurrent_kernel)  # of all gates: one, a GRU's three or an LSTM's four
    return batch * frames * sum(math.prod(kernel.shape) for kernel in kernels)
