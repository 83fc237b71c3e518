"""The headline: what the paper has, and what the records here have, each model by each recipe and protocol.

Trains nothing: reads the records of all experiments under --results on --dataset. The committed ones are in
experiments/results.
"""

import sys
from pathlib import Path

import beside_the_paper as beside
import common
import paper

from mans_keras import protocols, recipes, reports, training
from mans_keras.errors import exit_code

EXPERIMENT = "headline"


def records(results, dataset):
    """Of every experiment, the records of the paper's models as they are, by a recipe as it is; each run once."""
    found = {}
    for folder in sorted(Path(results).glob(f"*/{dataset}")):
        for record in reports.records(results, folder.parent.name, dataset):
            if record["protocol"] in protocols.FOR_CHOOSING:
                continue
            names = (record["model"], *recipes.RECIPES)
            if record["variant"] in names and record["arguments"] == {}:
                run = [record[name] for name in ("model", "protocol", "fold", "seed")]
                found.setdefault((*run, record["recipe"]["name"]), record)
    return list(found.values())


def table(found):
    """Title, header and rows: one for each model, protocol and recipe that has records."""
    reports.check_same(found, ("dataset", "precision"))
    dataset = found[0]["dataset"]
    ours = ["ours, last epoch", "to the paper", "ours, best epoch on test", "runs"]
    header = ["Model", "Recipe", "tensors", "epochs", "batch", "Protocol", "paper", *ours]
    rows, below = [], []
    for model in training.MODELS:
        for protocol in protocols.of_dataset(dataset):
            for recipe in recipes.RECIPES:
                wanted = (model, protocol, recipe)
                cell = [r for r in found if (r["model"], r["protocol"], r["recipe"]["name"]) == wanted]
                if not cell:
                    continue
                reports.check_same(cell, ("recipe", "epochs", "batch"))
                quoted = beside.of_table5(model, dataset, protocol)
                name = paper.TABLE5[model][0]
                told = "-" if quoted is None else f"{quoted[0]:.2f} ({quoted[1].removeprefix('Table 5, ')})"
                tensors = f"{cell[0]['coordinates']}, {cell[0]['layout']}"
                settings = [name, recipe, tensors, cell[0]["epochs"], cell[0]["batch"], protocol]
                rows.append([*settings, told, *reports.results(cell, quoted and quoted[0])])
                below += beside.below_the_paper(f"{name}, {recipe}, {protocol}", cell, quoted)
    lines = ["Below the paper: " + "; ".join(below) + ".", ""] if below else []
    lines += [
        f"{beside.shown(dataset)}: test accuracy in percent; the paper's protocol is in brackets.",
        *beside.other_task(found[0]),
        beside.which_epoch(found),
    ]
    return "\n".join(lines), header, rows


def main():
    common.show_records(__doc__, EXPERIMENT, records, table)


if __name__ == "__main__":
    sys.exit(exit_code(main))
