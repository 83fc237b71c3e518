"""The kinds of tensors by name. `tensors/` makes them; a model's file, which `models/` checks, names its own."""

LAYOUTS = ("resize", "pad")
COORDINATES = ("raw", "hip", "body", "upright", "released")
