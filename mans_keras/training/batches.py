"""Samples and labels -> batches, the same for the same seed."""

import functools
import itertools
import math
import weakref

import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """Batches of (x, label) without end, so that one pipeline lasts for all epochs; an epoch has `steps` batches.

    With a seed, each epoch is shuffled ("The mini-batches are constructed by randomly sampling", section 3.1), and an
    incomplete last batch is left out, since each batch shape needs a compilation. A batch depends only on the seed and
    on its number, counted from `first_epoch`. change: (x, random generator) -> x, applied to each batch; needs a seed.
    """

    num_batches = None

    def __init__(self, x, labels, batch, seed=None, change=None):
        super().__init__()
        self.x, self.labels, self.seed, self.change = x, labels, seed, change
        self.batch = min(batch, len(x))
        self.steps = math.ceil(len(x) / self.batch) if seed is None else len(x) // self.batch
        self.first_epoch = 0
        self.order = functools.lru_cache(maxsize=2)(self._order)

    def _order(self, epoch):
        """The indices of the samples of an epoch, which is counted from 0, in their order."""
        everything = np.arange(len(self.x))
        return everything if self.seed is None else np.random.default_rng((self.seed, epoch)).permutation(everything)

    def __getitem__(self, number):
        epoch, index = divmod(number, self.steps)
        chosen = self.order(self.first_epoch + epoch)[index * self.batch : (index + 1) * self.batch]
        x = self.x[chosen]
        if self.change:
            x = self.change(x, np.random.default_rng((self.seed, self.first_epoch + epoch, index)))
        return x, self.labels[chosen]

    def feed(self):
        """These batches as Keras' `fit` and `predict` take them. Keep a reference to the batches meanwhile.

        TensorFlow would tune the pipeline that Keras makes, and wait up to ten seconds at the end of each evaluation
        until that stops. In this pipeline tuning is off.
        """
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf

        spec = [tf.TensorSpec((None, *value.shape[1:]), value.dtype) for value in self[0]]
        batches = weakref.ref(self)  # TensorFlow keeps the generator as long as the process lives
        endless = tf.data.Dataset.from_generator(
            lambda: (batches()[number] for number in itertools.count()), output_signature=tuple(spec)
        )
        options = tf.data.Options()
        options.autotune.enabled = False
        return endless.prefetch(2).with_options(options)
