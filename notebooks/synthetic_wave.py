"""Make a SYNTHETIC recording of a person who waves both hands, for a model trained on UT-Kinect.

    python notebooks/synthetic_wave.py OUT.npy [SUBJECT]

OUT.npy: joints (frames, 20, 3) in metres, 15 frames a second. SUBJECT: a number, 1 by default; each number is a person
with other proportions, tempo and posture.
"""

import sys

import numpy as np

from mans_keras.skeletons.synthetic import examples

if __name__ == "__main__":
    out, number = (*sys.argv[1:], 1)[:2]
    np.save(out, examples.record("waves both hands", subject=int(number)))
