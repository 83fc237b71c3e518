"""What changes the accuracy of MANs-9 on UT-Kinect? One factor at a time, each against the default settings.

The paper reports 100.0 on this set but leaves many settings open; this shows which of them matter. RAW is the folder of
UT-Kinect's raw files. Intervals need two --seeds, or --protocol loso. On one core, a run of 50 epochs takes about three
minutes with odd_even, and four for a fold of loso.
"""

import functools
from dataclasses import dataclass, field, replace

import click

from experiments import common, options, paired_differences, table_parts
from mans_keras.errors import InputError
from mans_keras.reports import tables
from mans_keras.skeletons import ut_kinect
from mans_keras.tensors import prepare
from mans_keras.tensors.store import Tensors
from mans_keras.training import recipes

EXPERIMENT = "effects"
BASELINE = "mans-9"


@dataclass(frozen=True)
class Factor:
    """One change of the default settings.

    label: (what is changed, its value); recipe: a recipe instead of RELEASED; arguments: of MANs9;
    coordinates, layout, labels, repeated: how the tensors are made.
    """

    label: tuple[str, str]
    recipe: recipes.Recipe = recipes.RELEASED
    arguments: dict = field(default_factory=dict)
    coordinates: str = "body"
    layout: str = "resize"
    labels: str = "corrected"
    repeated: str = "last"

    @property
    def preparation(self):
        """The values on which the tensors depend."""
        return self.coordinates, self.layout, self.labels, self.repeated


def released(**changes):
    """The recipe RELEASED with some values changed."""
    return replace(recipes.RELEASED, **changes)


def augmented(**changes):
    """The recipe RELEASED with one kind of random change of the training sequences."""
    nothing = recipes.Augmentation(rotation=0, mirror=False, scale=0, crop=1)
    return released(augmentation=replace(nothing, **changes))


# Rows of Table 4 have the names of their records there, so that both share their records.
FACTORS = {
    BASELINE: Factor(("the default settings", "")),
    "best": Factor(("recipe, coordinates", "best, upright"), recipes.BEST, coordinates="upright"),
    "best-body": Factor(("recipe, coordinates", "best, body"), recipes.BEST),
    "paper": Factor(("recipe", "paper"), recipes.PAPER),
    "paper-raw": Factor(("recipe, coordinates", "paper, raw"), recipes.PAPER, coordinates="raw"),
    "hip": Factor(("coordinates", "hip"), coordinates="hip"),
    "upright": Factor(("coordinates", "upright"), coordinates="upright"),
    "raw": Factor(("coordinates", "raw"), coordinates="raw"),
    "pad": Factor(("layout", "pad"), layout="pad"),
    "released-resize": Factor(("coordinates", "released"), coordinates="released"),
    "released-pad": Factor(("coordinates, layout", "released, pad"), coordinates="released", layout="pad"),
    "printed-labels": Factor(("labels", "printed"), labels="printed"),
    "modified-labels": Factor(("labels", "modified"), labels="modified"),
    "all-rows": Factor(("repeated frames", "all kept"), repeated="all"),
    "mans-9-stcm": Factor(("TARMs", "none"), arguments={"tarm": False}),
    "mans-9-no-attention": Factor(("attention", "none"), arguments={"attention": None}),
    "mans-9-song": Factor(("attention", "STA-LSTM's"), arguments={"attention": "song"}),
    "mans-9-frozen": Factor(("attention", "frozen at random"), arguments={"attention": "frozen"}),
    "mans-9-weighted": Factor(("attention", "units weighted, not averaged"), arguments={"attention": "weighted"}),
    "mans-9-gate": Factor(("attention", "sigmoid gate per frame"), arguments={"attention": "gate"}),
    "no-gru-dropout": Factor(("GRU dropout", "0"), arguments={"dropout": 0.0}),
    "no-l2": Factor(("L2", "0"), released(l2=0.0)),
    "no-recurrent-l2": Factor(("L2 of recurrent kernels", "0"), arguments={"recurrent_l2": 0.0}),
    "glorot": Factor(
        ("initialisers", "Keras' defaults (Glorot)"),
        released(gru_initializer="glorot_uniform", conv_initializer="glorot_uniform"),
    ),
    "rate-0.1": Factor(("learning rate", "0.1"), released(learning_rate=0.1)),
    "rate-0.001": Factor(("learning rate", "0.001"), released(learning_rate=0.001)),
    "constant": Factor(("schedule", "constant"), released(plateau=None)),
    "cosine": Factor(("schedule", "cosine"), released(plateau=None, cosine=True)),
    "epochs-100": Factor(("epochs", "100"), released(epochs={"ut_kinect": 100})),
    "smoothing": Factor(("label smoothing", "0.1"), released(label_smoothing=0.1)),
    "average": Factor(("weight average", "0.99"), released(weight_average=0.99)),
    "rotation": Factor(("rotations", "45 degrees"), augmented(rotation=45)),
    "mirror": Factor(("mirroring", "on"), augmented(mirror=True)),
    "scale": Factor(("body size", "10 %"), augmented(scale=0.1)),
    "crop": Factor(("crops in time", "0.7"), augmented(crop=0.7)),
}


def table(records):
    """Title, header and rows: one row per factor, protocol by protocol.

    Raises `InputError` if a record belongs to no factor, or was made with other settings than its factor has.
    """
    tables.check_same(records, ("dataset", "model", "batch", "precision"))
    first = next((record for record in records if record["variant"] == BASELINE), records[0])
    lines = [
        f"`{first['model']}` on {first['dataset']}, one factor at a time against the default settings (recipe "
        f"`{first['recipe']['name']}`, {first['epochs']} epochs, {first['coordinates']} coordinates, layout "
        f"{first['layout']}): test accuracy in percent.",
        paired_differences.CAPTION,
        table_parts.which_epoch(records),
        *table_parts.networks(records),
    ]
    header = ["Protocol", "Factor", "set to", "epochs", "last epoch", "difference", *paired_differences.HEADER]
    header += ["best epoch on test", "runs"]
    if unknown := sorted({record["variant"] for record in records} - set(FACTORS)):
        raise InputError(f"records of {', '.join(unknown)} belong to no factor: rename or remove their folders")
    rows = []
    for protocol in table_parts.protocols_of(records):
        cells = {
            name: [record for record in records if (record["variant"], record["protocol"]) == (name, protocol)]
            for name in FACTORS
        }
        for name, cell in cells.items():
            if not cell:
                continue
            tables.check_same(cell, ("epochs", "recipe"))
            _check(name, cell[0])
            last, best = (tables.mean_and_deviation(cell, which) for which in ("last", "best"))
            gain = [""] * 3 if name == BASELINE else paired_differences.difference(cell, cells[BASELINE]).cells()
            settings = [protocol, *FACTORS[name].label, cell[0]["epochs"]]
            rows.append([*settings, last, *gain, best, tables.number_of_runs(cell)])
    return "\n".join(lines), header, rows


def _check(name, record):
    factor = FACTORS[name]
    for what in ("coordinates", "layout", "arguments"):
        if record[what] != getattr(factor, what):
            raise InputError(
                f"records of {name} have {what} {record[what]}, but the factor has {getattr(factor, what)} now"
            )


def tensors(sources, folder, preparation):
    """Prepare tensors of UT-Kinect's segments and open them. They are made each time, since that takes a second."""
    coordinates, layout, labels, repeated = preparation
    folder = folder / "-".join(preparation)
    sources = ut_kinect.relabelled(sources, labels)
    reader = replace(ut_kinect.READER, read=functools.partial(ut_kinect.read, repeated=repeated))
    return Tensors(prepare.write_tensors(reader, sources, folder, 50, layout, coordinates))


@options.command(
    __doc__,
    click.Argument(["raw"], type=options.FOLDER, metavar="RAW"),
    click.Option(
        ["--factors"],
        type=click.Choice(list(FACTORS)),
        multiple=True,
        metavar="F...",
        help=f"The factors to run, of {', '.join(FACTORS)}. Default: all.",
    ),
    *options.of_runs(protocol="odd_even"),
)
def main(args):
    sources = ut_kinect.segments(args.raw)
    chosen = {name: FACTORS[name] for name in dict.fromkeys([BASELINE, *(args.factors or FACTORS)])}
    opened = {
        preparation: tensors(sources, args.data / EXPERIMENT, preparation)
        for preparation in dict.fromkeys(factor.preparation for factor in chosen.values())
    }
    own_epochs = {}
    if args.epochs:  # the same for all factors, whose records therefore have a folder of their own
        args.results = args.results / f"epochs-{args.epochs}"
        own_epochs = {"epochs": {"ut_kinect": args.epochs}}
    planned = {
        name: common.plan(
            args,
            EXPERIMENT,
            opened[factor.preparation],
            [(name, "mans-9", factor.arguments)],
            replace(factor.recipe, **own_epochs),
        )
        for name, factor in chosen.items()
    }
    # Seed by seed: an interrupted series is then complete for its first seeds.
    for seed in range(args.seeds):
        for preparation in opened:
            on_these_tensors = [
                run
                for name, runs in planned.items()
                for run in runs
                if run.seed == seed and chosen[name].preparation == preparation
            ]
            common.run_missing(args, on_these_tensors, opened[preparation])
    results, dataset = args.results / planned[BASELINE][0].trial, ut_kinect.READER.dataset
    records = tables.records(results, EXPERIMENT, dataset)
    common.show_table(results / EXPERIMENT / dataset, EXPERIMENT, records, table)


if __name__ == "__main__":
    main()
