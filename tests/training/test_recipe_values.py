"""Values of a recipe that are given as text."""

import pytest

from mans_keras.errors import InputError
from mans_keras.training.recipe_values import changed, with_values
from mans_keras.training.recipes import BEST, PAPER, RELEASED


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("learning_rate=0.02", lambda recipe: recipe.learning_rate == 0.02),
        ("nesterov=false", lambda recipe: recipe.nesterov is False),
        ("weight_average=none", lambda recipe: recipe.weight_average is None),
        ("augmentation=none", lambda recipe: recipe.augmentation is None),
        ("augmentation.mirror=False", lambda recipe: recipe.augmentation.mirror is False),
        ("batch=4", lambda recipe: set(recipe.batch.values()) == {4}),
        ("gru_dropout=0.1", lambda recipe: recipe.gru_dropout == {50: 0.1, 224: 0.1}),
        ("gru_initializer=glorot_uniform", lambda recipe: recipe.gru_initializer == "glorot_uniform"),
    ],
)
def test_a_value_has_the_type_of_the_recipe(text, value):
    recipe = with_values(BEST, [text])
    assert value(recipe) and not value(BEST)
    assert len(changed(recipe, BEST, "mine")) == 1


def test_several_values_are_set_and_named():
    recipe = with_values(BEST, ["learning_rate=0.02", "augmentation.rotation=10"])
    assert changed(recipe, BEST, "mine") == [
        "learning_rate 0.02 in place of 0.05",
        "augmentation rotation 10.0, mirror True, scale 0.1, crop 0.7 in place of rotation 45, mirror True, scale 0.1, "
        "crop 0.7",
    ]


@pytest.mark.parametrize(
    ("recipe", "text", "message"),
    [
        (BEST, "learning_rate", "is not NAME=VALUE"),
        (BEST, "rate=1", r"no value 'rate': its values are learning_rate, nesterov, .*batch_norm_momentum$"),
        (BEST, "learning_rate=fast", "learning_rate=fast: a number from 1e-12 to 1000 is expected"),
        (BEST, "learning_rate=-1", "a number from"),
        (BEST, "learning_rate=nan", "a number from"),
        (BEST, "batch=2.5", "a whole number from 1"),
        (BEST, "nesterov=1", "true or false is expected"),
        (BEST, "batch=1_0", "a whole number from 1"),
        (BEST, "batch=٨", "a whole number from 1"),
        (BEST, "learning_rate=0.0_2", "a number from"),
        (BEST, "augmentation=3", "none is expected, or set a part such as augmentation.rotation"),
        (BEST, "plateau=", "plateau=: none is expected, or set a part such as plateau.factor"),
        (BEST, "plateau.factor=0.1", "best has no plateau"),
        (BEST, "gru_initializer=mine", "no initializer of this name"),
        (BEST, "gru_initializer=constant", "no initializer of this name that needs no values"),
        (BEST, "alpha=4", "use --alpha"),
        (BEST, "epochs=4", "use --epochs"),
        (BEST, "layout=pad", "prepare them with another --layout"),
        (RELEASED, "cosine=true", "both change the learning rate"),
    ],
)
def test_what_is_no_value_of_a_recipe_is_refused(recipe, text, message):
    with pytest.raises(InputError, match=message):
        with_values(recipe, [text])


def test_every_value_of_a_recipe_can_be_set_or_says_how():
    with pytest.raises(InputError) as refused:
        with_values(BEST, ["rate=1"])
    names = str(refused.value).rpartition("its values are ")[2].split(", ")
    groups = {name.partition(".")[0] for name in names}
    assert groups | {"name", "alpha", "epochs", "coordinates", "layout"} == set(vars(PAPER))
