"""Samples and labels -> batches, the same for the same seed."""

import functools
import itertools
import math
import weakref

import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """Batches of (x, label) without end, `steps` of them an epoch.

    With a seed, each epoch is shuffled, and what fills no batch is left out: "The mini-batches are constructed by
    randomly sampling" (section 3.1), and one batch shape means one compilation. A batch depends on its number and the
    seed alone, counted from `first_epoch`. change: (x, random generator) -> x, of each batch; needs a seed.

    Endless, so that one pipeline lasts for all epochs.
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
        """The samples of an epoch, from 0, in their order."""
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
        """What Keras' `fit` and `predict` read these batches from, as long as these batches are there.

        TensorFlow tunes the pipeline that Keras would make, and at the end of each evaluation waits up to ten seconds
        for that to stop: here it does not tune.
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
