"""Values of a recipe, given as text such as learning_rate=0.02: typed, checked, and put into the recipe."""

import dataclasses
import re
import types
import typing

from mans_keras.errors import InputError
from mans_keras.training.recipes import Augmentation, Plateau, Recipe, for_dataset

# The fields of a recipe that are set in another way, and how.
APART = {
    **{name: f"the tensors decide it: prepare them with another --{name}" for name in ("coordinates", "layout")},
    **{name: f"use --{option}" for name, option in (("name", "recipe"), ("alpha", "alpha"), ("epochs", "epochs"))},
}
# (lowest, highest) of every number; the lowest itself is allowed.
LIMITS = {
    "learning_rate": (1e-12, 1e3),
    "momentum": (0, 0.999999),
    "label_smoothing": (0, 0.999999),
    "weight_average": (0, 0.999999),
    "l2": (0, 1e3),
    "batch": (1, 10**6),
    "gru_dropout": (0, 0.999999),
    "batch_norm_momentum": (0, 0.999999),
    "plateau.factor": (1e-12, 0.999999),
    "plateau.patience": (0, 10**6),
    "plateau.cooldown": (0, 10**6),
    "plateau.floor": (0, 1e3),
    "augmentation.rotation": (0, 360),
    "augmentation.scale": (0, 0.999999),
    "augmentation.crop": (1e-6, 1),
}
# The types of the values of a recipe that are dictionaries, by dataset or scale.
BY_DATASET = {"batch": int, "gru_dropout": float, "batch_norm_momentum": float}
# int() and float() also take `1_0`, blanks and the digits of other scripts, which are typing errors here.
NUMBERS = {
    int: re.compile("[+-]?[0-9]{1,20}"),
    float: re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.I),
}
GROUPS = {"plateau": Plateau, "augmentation": Augmentation}


def _types():
    """{name: (type, whether None is possible)} of the values that can be set."""
    of_values = {}
    for field, kind in typing.get_type_hints(Recipe).items():
        optional = isinstance(kind, types.UnionType)
        if field in APART:
            continue
        if field in GROUPS:
            of_values[field] = (None, True)
            of_group = typing.get_type_hints(GROUPS[field])
            of_values |= {f"{field}.{part}": (kind, False) for part, kind in of_group.items()}
        elif field in BY_DATASET:
            of_values[field] = (BY_DATASET[field], False)
        else:
            of_values[field] = (typing.get_args(kind)[0] if optional else kind, optional)
    return of_values


def with_values(recipe: Recipe, texts: list[str]) -> Recipe:
    """The recipe with other values, each given as NAME=VALUE: `learning_rate=0.02`, `augmentation.mirror=false`.

    A value that the recipe has by dataset or scale becomes the same for all. `none` switches off weight_average,
    plateau or augmentation. Raises `InputError` for an unknown name, which lists the names, and for another type or a
    number beyond `LIMITS`.
    """
    known = _types()
    for text in texts:
        name, equals, given = text.partition("=")
        if not equals:
            raise InputError(f"{text!r} is not NAME=VALUE, such as learning_rate=0.02")
        if name in APART:
            raise InputError(f"{name} is not set in this way: {APART[name]}")
        if name not in known:
            raise InputError(f"a recipe has no value {name!r}: its values are {', '.join(known)}")
        value = _value(name, given, *known[name])
        group, _, part = name.rpartition(".")
        if group:
            values = getattr(recipe, group)
            if values is None:
                raise InputError(f"the recipe {recipe.name} has no {group}: {name} can't be set")
            name, value = group, dataclasses.replace(values, **{part: value})
        elif name in BY_DATASET:
            value = dict.fromkeys(getattr(recipe, name), value)
        recipe = dataclasses.replace(recipe, **{name: value})
    if recipe.cosine and recipe.plateau:
        raise InputError("cosine and plateau both change the learning rate: set cosine=false or plateau=none")
    return recipe


def _value(name, text, kind, optional):
    """The value of a text that is to be of this type; `InputError` if it is not."""
    if optional and text.lower() == "none":
        return None
    if name in GROUPS:
        part = next(iter(typing.get_type_hints(GROUPS[name])))
        raise InputError(f"{name}={text}: none is expected, or set a part such as {name}.{part}")
    if kind is bool and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind is str:
        return _initializer(name, text)
    if kind in (int, float):
        value = kind(text) if NUMBERS[kind].fullmatch(text) else None
        lowest, highest = LIMITS[name]
        if value is not None and lowest <= value <= highest:
            return value
        expected = f"a {'whole ' if kind is int else ''}number from {lowest:g} to {highest:g}"
    else:
        expected = "true or false"
    raise InputError(f"{name}={text}: {expected}{' or none' if optional and kind else ''} is expected")


def _initializer(name, text):
    import keras

    try:
        keras.initializers.get(text)
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{name}={text}: Keras has no initializer of this name that needs no values") from None
    return text


def changed(recipe: Recipe, source: Recipe, dataset: str) -> list[str]:
    """The values in which a recipe differs from another for a dataset: ["learning_rate 0.02 in place of 0.05"]."""
    sentences = []
    for field in dataclasses.fields(Recipe):
        now, before = getattr(recipe, field.name), getattr(source, field.name)
        if field.name in BY_DATASET and field.name != "gru_dropout":
            now, before = for_dataset(now, dataset), for_dataset(before, dataset)
        if now != before:
            sentences.append(f"{field.name} {_text(now)} in place of {_text(before)}")
    return sentences


def _text(value):
    if dataclasses.is_dataclass(value):
        return ", ".join(f"{name} {part}" for name, part in vars(value).items())
    if isinstance(value, dict):
        return " or ".join(map(str, dict.fromkeys(value.values())))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
