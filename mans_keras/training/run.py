"""What a run is: a model, a fold of a tensor file, a recipe and a seed. Together they decide a result."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import keras

from mans_keras.models import mans
from mans_keras.models.extensions import EXTENSIONS
from mans_keras.tensors.protocols import Fold
from mans_keras.training import recipes, records

MODELS = {
    "mans-9": mans.MANs9,
    "mans-33": mans.MANs33,
    "mans-61": mans.MANs61,
    "mans-resnet18": mans.MANsResNet18,
    "mans-densenet161": mans.MANsDenseNet161,
}
SCALES = {"mans-9": 50, "mans-33": 50, "mans-61": 50, "mans-resnet18": 224, "mans-densenet161": 224}
# Those that TensorFlow trains faster without XLA on a CPU (benchmark_xla.py). For DenseNet-161's first step XLA takes
# minutes, too.
WITHOUT_XLA = {"mans-densenet161"}


def add_model(name: str, build: Callable[..., keras.Model], scale: int, source: str, xla: bool = True) -> None:
    """Let runs train another network under `name`, here and in worker processes.

    build: classes, the run's arguments, and the recipe's `alpha`, `dropout`, `l2`, `gru_initializer` and
    `conv_initializer` as keywords, of which it may ignore some -> a model of tensors (batch, scale, scale, 3), whose
    last layer is the softmax layer. source: Python code that calls `add_model` in a worker, such as an import. xla:
    whether TensorFlow compiles its training by XLA on a CPU, which makes some networks faster and others slower.
    """
    MODELS[name], SCALES[name] = build, scale
    (WITHOUT_XLA.discard if xla else WITHOUT_XLA.add)(name)
    EXTENSIONS[source] = source


@dataclass(frozen=True)
class Run:
    """Everything that decides a result, except the machine.

    model: a key of `MODELS`; arguments: of its function, e.g. {"attention": "song"}; variant: a name for model and
    arguments, under which the record is filed; precision: "float32" or "mixed_bfloat16"; tensors: SHA-256 of the
    tensor file's contents.

    Raises `InputError` for settings that a record can't hold.
    """

    experiment: str
    dataset: str
    protocol: str
    fold: Fold
    model: str
    variant: str
    arguments: dict
    recipe: recipes.Recipe
    epochs: int
    batch: int
    seed: int
    precision: str
    tensors: str

    def __post_init__(self):
        settings = {name: getattr(self, name) for name in ("arguments", "epochs", "batch", "seed")}
        settings["recipe"] = asdict(self.recipe)
        records.check_settings(json.loads(json.dumps(settings)))  # lists in place of tuples, as in a record

    def settings(self) -> dict:
        """The fields as a record keeps them, with the recipe's values for this dataset and scale.

        The recipe's coordinates and layout are left out, since those of the tensors count.
        """
        recipe = asdict(self.recipe)
        for name in ("batch", "epochs", "coordinates", "layout"):
            del recipe[name]
        recipe["gru_dropout"] = recipe["gru_dropout"][SCALES[self.model]]
        recipe["batch_norm_momentum"] = recipes.for_dataset(recipe["batch_norm_momentum"], self.dataset)
        return {**vars(self), "fold": self.fold.name, "recipe": recipe}

    @property
    def trial(self) -> str:
        """How this run differs from the default of its table, e.g. "best-epochs-2"; "" if it does not.

        A recipe or a value after which the variant is named is no difference.
        """
        recipe, dataset = self.recipe, self.dataset
        departures = {
            recipe.name: recipe.name != recipes.RELEASED.name and not self.variant.startswith(recipe.name),
            f"epochs-{self.epochs}": self.epochs != recipes.for_dataset(recipe.epochs, dataset),
            f"batch-{self.batch}": self.batch != recipes.for_dataset(recipe.batch, dataset),
            self.precision: self.precision != "float32",
        }
        if self.variant.startswith(self.model) and recipe.name in recipes.RECIPES:
            departures |= dict.fromkeys(recipes.changes(recipe, recipes.RECIPES[recipe.name]), True)
        return "-".join(name for name, departs in departures.items() if departs)
