"""Where the paper, the released code and this project differ, and how much a difference changes the accuracy.

Trains nothing: reads the records of effects.py from --results. The repository's records are in experiments/results.
"""

from dataclasses import dataclass

import numpy as np

from experiments import common, effects, paired_differences, table_parts
from mans_keras.reports import tables

EXPERIMENT = "departures"


def records(results, dataset):
    """The records of effects.py on a dataset."""
    return tables.records(results, effects.EXPERIMENT, dataset)


@dataclass(frozen=True)
class Departure:
    """What the paper, the released code and this project do; factors: the factors of effects.py that change it."""

    what: str
    paper: str
    released: str
    here: str
    factors: tuple[str, ...] = ()


DEPARTURES = (
    Departure(
        "optimiser",
        "SGD, rate 0.1, momentum 0.9, decay 0",
        "SGD, rate 0.01, momentum 0.9, Nesterov",
        "the recipes `paper` and `released`: as in their sources",
        ("rate-0.1", "rate-0.001"),
    ),
    Departure(
        "schedule",
        "none stated",
        "rate x 0.2 when the *test* loss stalls for 5 epochs (cooldown 3, floor 1e-4)",
        "`paper`: constant; `released`: as released, a leak",
        ("constant", "cosine"),
    ),
    Departure(
        "batch",
        "NTU 40, HDM05 20, SYSU-3D and UT-Kinect 8",
        "NTU 128",
        "as in their sources; on other datasets `released` has the paper's",
    ),
    Departure("epochs", "NTU 50, others 100", "50", "as in their sources", ("epochs-100",)),
    Departure(
        "L2",
        "not stated",
        "1e-4 on convolutions and the GRUs' input kernels",
        "the same, and 1e-4 on the GRUs' recurrent kernels too",
        ("no-recurrent-l2", "no-l2"),
    ),
    Departure(
        "GRU dropout",
        "not stated",
        "MANs-9: 0.5 on inputs and state; DenseNet-161: none",
        "as released, at the scales 50 and 224",
        ("no-gru-dropout",),
    ),
    Departure(
        "first weights",
        "not stated",
        "GRU input kernels orthogonal, convolutions He normal; in MANs-9 also the softmax layer",
        "as released, but the softmax layer Glorot uniform",
        ("glorot",),
    ),
    Departure(
        "GRU",
        "a GRU",
        "Keras 2.0.8's: hard sigmoid; reset gate before the recurrent product; one bias",
        "Keras 3's: sigmoid; reset gate after the product; two biases",
    ),
    Departure(
        "attention's layers (Eq. 8)",
        "learned",
        "made inside a Keras `Lambda`: never trained, never saved",
        "learned; frozen as an option",
        ("mans-9-frozen",),
    ),
    Departure("first weights of DenseNet-161", "not stated", "ImageNet's", "random"),
    Departure(
        "batch normalisation of DenseNet-161",
        "not stated",
        "each is followed by a layer with another factor and offset",
        "its own factor and offset alone; this agrees with Table 5's parameter counts",
    ),
    Departure(
        "padding of ResNet-18 and DenseNet-161",
        "not stated",
        "DenseNet-161: symmetric, epsilon 1.1e-5; there is no ResNet-18",
        "as released; ResNet-18 as torchvision's: symmetric, epsilon 1e-5",
    ),
    Departure(
        "blocks of MANs-n",
        "Table 2",
        "MANs-9 alone; it settles biases, 1x1 projections, and where BN-ReLU stands",
        "MANs-9 as released; MANs-33 and MANs-61 alike, with 8 and 15 blocks a stage",
    ),
    Departure(
        "other temporal attention (setting C)",
        "that of Song et al., AAAI 2017",
        "-",
        "from that paper: ReLU(W_x x_t + W_h h_{t-1} + b) of an LSTM over the same input",
        ("mans-9-song",),
    ),
    Departure("Eqs. 7-8", "K equal columns", "K equal columns", "one column, broadcast: the same numbers"),
    Departure("T / alpha", "a ratio", "integer division: 50 / 16 is 3", "as released"),
    Departure(
        "coordinates",
        "used directly",
        "moved and turned to the axes of the first frame, mirrored by the first body: `released`",
        "`raw`, `released`; the default is `body`: each body is mirrored by itself, and by the mean of both feet",
        ("raw", "hip", "released-resize", "upright"),
    ),
    Departure(
        "size",
        "two scales, 50 x 50 and 224 x 224",
        "50 frames picked, or zeros around; joints between zeros: `pad`",
        "the default is `resize`, linear over frames and joints",
        ("pad", "released-pad"),
    ),
    Departure(
        "bodies",
        "not stated",
        "the first two that a frame lists; a frame of more than two is empty",
        "followed by their ID, the body that moves more first; with `released` coordinates as released",
    ),
    Departure(
        "recordings of NTU left out",
        "not stated",
        "302 listed by the owners, and 299 whose last frame lists more than two bodies, from the test side too",
        "the 302; with `--counts released` as released",
    ),
    Departure(
        "labels of UT-Kinect", "not stated", "-", "two typing errors corrected", ("printed-labels", "modified-labels")
    ),
    Departure("repeated frame numbers of UT-Kinect", "not stated", "-", "the last row stays", ("all-rows",)),
    Departure(
        "accuracy that is reported",
        "not stated",
        "the best epoch's on the *test* set",
        "the last epoch's; also the best epoch's, which is a leak",
    ),
    Departure("footnote 3", "[X, X, Z]", "[X, Y, Z]", "[X, Y, Z]"),
)


def effect(departure, records):
    """The measured effect of a departure's factors, e.g. "learning rate 0.1: -3.20 ± 1.00 (odd_even)"."""
    sentences = []
    for name in departure.factors:
        differences = []
        for protocol in table_parts.protocols_of(records):
            changed, default = (table_parts.cell(records, variant, protocol) for variant in (name, effects.BASELINE))
            gain = paired_differences.difference(changed, default)
            if not np.isnan(gain.points):
                interval = gain.over_subjects if protocol == "loso" else gain.over_seeds
                half = "" if np.isnan(interval) else f" ± {interval:.2f}"
                differences.append(f"{gain.cells()[0]}{half} ({protocol})")
        if differences:
            sentences.append(f"{' '.join(effects.FACTORS[name].label)}: {', '.join(differences)}")
    return "; ".join(sentences) or "not measured"


def table(records):
    """Title, header and rows: one row per departure."""
    first = next((record for record in records if record["variant"] == effects.BASELINE), records[0])
    lines = [
        f"The points of test accuracy that `{first['model']}` gains on {first['dataset']} when one of the default "
        f"settings (recipe `{first['recipe']['name']}`, `{first['coordinates']}` coordinates, `{first['layout']}`) is "
        "changed; ± is half the 95 % interval, over seeds by odd_even and over subjects by loso.",
        *table_parts.networks(records),
    ]
    header = ["what", "paper", "released code", "here", "effect on accuracy"]
    return "\n".join(lines), header, [[d.what, d.paper, d.released, d.here, effect(d, records)] for d in DEPARTURES]


main = common.command_of_records(__doc__, EXPERIMENT, records, table)


if __name__ == "__main__":
    main()
