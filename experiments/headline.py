"""The paper's accuracies next to ours: every model, recipe and protocol that has records.

Trains nothing: reads the records of all experiments on --dataset from --results. The repository's records are in
experiments/results.
"""

import itertools
from pathlib import Path

from experiments import common, paper, table_parts
from mans_keras.errors import InputError
from mans_keras.reports import tables
from mans_keras.tensors import protocols
from mans_keras.training import recipes

EXPERIMENT = "headline"


def _tensors(record):
    return f"{record['coordinates']}, {record['layout']}"


def records(results, dataset):
    """The records of all experiments whose model and recipe are unchanged, each run once.

    Their tensors are the default ones, those of the recipe's source, or `body, pad`. Raises `InputError` if two
    experiments have different records of the same run.
    """
    of_run = {}
    # Runs with another recipe than the default are filed below the recipe's name.
    folders = [folder for root in ("", *recipes.RECIPES) for folder in Path(results, root).glob(f"*/{dataset}")]
    for folder in sorted(folders):
        for record in tables.records(folder.parent.parent, folder.parent.name, dataset):
            recipe = recipes.RECIPES.get(record["recipe"]["name"])
            if recipe is None or record["protocol"] in protocols.FOR_CHOOSING or record["arguments"]:
                continue
            if record["recipe"].get("learning_rate", recipe.learning_rate) != recipe.learning_rate:
                continue  # a measured row of Table 5 by a rate of its own
            of_source = (record["coordinates"], record["layout"]) == (recipe.coordinates, recipe.layout)
            # `pad` has `body` coordinates, which were taken for those of the released code before `released` existed.
            if of_source or record["variant"] in (record["model"], *recipes.RECIPES, "pad"):
                run = [record[name] for name in ("model", "protocol", "fold", "seed")]
                first = of_run.setdefault((*run, recipe.name, _tensors(record)), record)
                if first["history"] != record["history"]:
                    both = f"{first['experiment']} and {record['experiment']}"
                    run = f"{record['variant']} {record['fold']} seed {record['seed']}"
                    raise InputError(f"{both} have different records of one run, {run}: --retrain one of the two")
    return list(of_run.values())


def table(records):
    """Title, header and rows: one row for each model, protocol, recipe and kind of tensors that has records."""
    tables.check_same(records, ("dataset", "precision"))
    dataset = records[0]["dataset"]
    ours = ["ours, last epoch", "to the paper", "ours, best epoch on test", "runs"]
    header = ["Model", "Recipe", "tensors", "epochs", "batch", "Protocol", "paper", *ours]
    rows = []
    kinds = sorted({_tensors(record) for record in records})
    for model, protocol, recipe, tensors in itertools.product(
        paper.TABLE5, table_parts.protocols_of(records), recipes.RECIPES, kinds
    ):
        wanted = (model, protocol, recipe, tensors)
        cell = [r for r in records if (r["model"], r["protocol"], r["recipe"]["name"], _tensors(r)) == wanted]
        if not cell:
            continue
        tables.check_same(cell, ("recipe", "epochs", "batch"))
        quoted = paper.table5(model, dataset, protocol)
        name = paper.TABLE5[model][0]
        settings = [name, recipe, tensors, cell[0]["epochs"], cell[0]["batch"], protocol]
        rows.append([*settings, table_parts.papers_cell(quoted), *tables.results(cell, quoted and quoted[0])])
    to_the_paper = [row[header.index("to the paper")] for row in rows]
    below = [float(points) for points in to_the_paper if points.startswith("-") and points != "-"]
    lines = []
    if below:
        lines = [f"Below the paper in {len(below)} of {len(rows)} rows, by up to {-min(below):.2f} points.", ""]
    lines += [
        f"{table_parts.dataset_name(dataset)}: test accuracy in percent; the paper's protocol is in brackets.",
        "Tensors are named by coordinates and layout; the recipes are made for: "
        + "; ".join(f"`{recipe.name}` {recipe.coordinates}, {recipe.layout}" for recipe in recipes.RECIPES.values())
        + ".",
        *table_parts.not_in_the_paper(dataset),
        *table_parts.other_task(records[0]),
        table_parts.which_epoch(records),
        *table_parts.networks(records),
    ]
    return "\n".join(lines), header, rows


main = common.command_of_records(__doc__, EXPERIMENT, records, table)


if __name__ == "__main__":
    main()
