"""How the networks are trained: the values in the paper, those in the code that its authors released, and our own.

PAPER and RELEASED have the values that their source states. Where one source leaves a value open, it is the other
source's; the comments say where. No recipe gives the released networks exactly: see above RELEASED. BEST comes from
neither source, and nothing in it looks at the test sequences.
"""

import re
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Plateau:
    """Multiply the learning rate by `factor` when the test loss stalls for `patience` epochs."""

    factor: float
    patience: int
    cooldown: int
    floor: float


@dataclass(frozen=True)
class Augmentation:
    """Random changes of a training sequence, drawn again in each epoch.

    rotation: the largest angle about the vertical, in degrees, in both directions; mirror: whether left and right are
    exchanged in half of the sequences, in space and in the order of the joints; scale: the largest share by which
    bodies grow or shrink; crop: the smallest share of the frames, in one piece, that is kept and stretched over the
    whole length.
    """

    rotation: float
    mirror: bool
    scale: float
    crop: float


# The synthetic dataset replaces NTU RGB+D in the default run; we chose its batch and epochs. Datasets that are not in
# the paper (NW-UCLA, UTD-MHAD and own ones) are trained like UT-Kinect: see `for_dataset`.
PAPER_BATCH = {"ntu_rgbd": 40, "ntu_rgbd_120": 40, "hdm05": 20, "sysu_3d": 8, "ut_kinect": 8, "synthetic": 8}
PAPER_EPOCHS = {"ntu_rgbd": 50, "ntu_rgbd_120": 50, "hdm05": 100, "sysu_3d": 100, "ut_kinect": 100, "synthetic": 10}


@dataclass(frozen=True)
class Recipe:
    """Every hyper-parameter of a training; batch, epochs and BN momentum by dataset, GRU dropout by scale."""

    name: str
    learning_rate: float
    nesterov: bool
    plateau: Plateau | None
    batch: dict
    epochs: dict
    coordinates: str
    layout: str
    momentum: float = 0.9
    # Whether the rate falls to zero along half a cosine.
    cosine: bool = False
    label_smoothing: float = 0.0
    # The tested weights are a moving average over the steps with this momentum. The statistics of batch normalisation,
    # which are moving averages already, stay as they are.
    weight_average: float | None = None
    augmentation: Augmentation | None = None
    alpha: int = 16
    # The paper states none of these four; they are as in the released code. At scale 224 that has DenseNet-161, without
    # GRU dropout.
    l2: float = 1e-4
    gru_dropout: dict = field(default_factory=lambda: {50: 0.5, 224: 0.0})
    gru_initializer: str = "orthogonal"
    conv_initializer: str = "he_normal"
    # Neither source states it: Keras' default, but less for the synthetic dataset, which has too few steps for 0.99.
    batch_norm_momentum: dict = field(default_factory=lambda: dict.fromkeys(PAPER_EPOCHS, 0.99) | {"synthetic": 0.9})


PAPER = Recipe(
    name="paper",
    learning_rate=0.1,
    nesterov=False,
    plateau=None,
    batch=PAPER_BATCH,
    epochs=PAPER_EPOCHS,
    coordinates="raw",
    layout="resize",
)

# By this recipe, too, our networks differ from the released ones in what is no value of a recipe:
# - The L2 penalty is also on the GRUs' recurrent kernels; there it is not.
# - The softmax layer starts Glorot uniform, that of the released MANs-9 He normal.
# - The GRU is Keras 3's, which computes gates, reset and biases in another way than that of Keras 2.0.8.
# - DenseNet-161 starts from random weights, there from ImageNet's, and lacks the Scale layers after its normalisations.
# - The layers of Eq. 8 are trained. There they are made inside a Lambda and never trained: a fault, not a choice.
# mans_keras/README.md lists every departure, also those of the tensors.
RELEASED = Recipe(
    name="released",
    learning_rate=0.01,
    nesterov=True,
    plateau=Plateau(factor=0.2, patience=5, cooldown=3, floor=1e-4),
    # The released code is for NTU RGB+D only, with a batch of 128 and 50 epochs.
    batch=PAPER_BATCH | {"ntu_rgbd": 128, "ntu_rgbd_120": 128},
    epochs=dict.fromkeys(PAPER_EPOCHS, 50) | {"synthetic": 10},
    coordinates="released",
    layout="pad",
)

# What is common in the field, at usual values, which were set before the first run of this recipe. The coordinates were
# chosen later, after a look at errors: see experiments/results/README.md.
BEST = Recipe(
    name="best",
    learning_rate=0.05,
    nesterov=True,
    plateau=None,
    cosine=True,
    label_smoothing=0.1,
    weight_average=0.99,
    augmentation=Augmentation(rotation=45, mirror=True, scale=0.1, crop=0.7),
    batch=PAPER_BATCH,
    epochs=PAPER_EPOCHS,
    coordinates="upright",
    layout="resize",
)

RECIPES = {recipe.name: recipe for recipe in (PAPER, RELEASED, BEST)}


def changes(recipe: Recipe, source: Recipe) -> list[str]:
    """The values in which a recipe differs from another, without epochs and batch, e.g. ["learning_rate-0.02"]."""
    values, others = asdict(recipe), asdict(source)
    return [
        re.sub(r"[^\w.+-]+", "_", f"{name}-{value}")[:60]
        for name, value in values.items()
        if name not in ("name", "epochs", "batch") and value != others[name]
    ]


def for_dataset(values: dict, dataset: str):
    """A recipe's value for a dataset; for a dataset that is not in the paper, the value for UT-Kinect."""
    return values.get(dataset, values["ut_kinect"])


def mirrors(recipe: Recipe, tensors) -> bool | None:
    """Whether training sequences are mirrored: None if the recipe does not ask for it, False if it can't be done.

    The latter is so for tensors that do not say which joints are left and right.
    """
    if not (recipe.augmentation and recipe.augmentation.mirror):
        return None
    return tensors.mirroring() is not None


def departures(recipe: str, coordinates: str, layout: str, mirroring: bool | None = None) -> list[str]:
    """Sentences about how tensors differ from those that a recipe, given by its name, is made for.

    A recipe that is not in `RECIPES` fits all tensors. mirroring: what `mirrors` returns.
    """
    source = RECIPES.get(recipe)
    sentences = [
        f"the recipe `{recipe}` uses {name} `{getattr(source, name)}`; these tensors use `{value}`"
        for name, value in (("coordinates", coordinates), ("layout", layout))
        if source and value != getattr(source, name)
    ]
    if mirroring is False:
        sentences.append("no sequence is mirrored: the tensors do not say which joints are left and right")
    return sentences
