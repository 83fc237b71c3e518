"""Write the committed tables into the pages, between markers such as <!-- table4_ablation ut_kinect -->.

The pages are README.md and those of mans_keras/, experiments/results/ and experiments/results/benchmark/. A marker
names an experiment and a dataset, and the recipe if it is not the default one: <!-- attention_gain nw_ucla best -->. Or
it names a table of a benchmark. Benchmarks have no records: their tables are the files that their scripts wrote.

Run this after records in experiments/results/ have changed. It also writes their Markdown, their CSV, the figures and
the cards of the trained models again.
"""

import functools
import importlib
import re

from experiments import common, headline, options, paired_differences, table_parts
from experiments import figure3_convergence as figure3
from experiments.compared import measured, picture, speed
from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.reports import model_card, tables
from mans_keras.training import recipes
from mans_keras.training.records import read_record

ROOT = common.DATA_PREP.parent
RESULTS = common.RESULTS
# The modules of the tables that have no script of their own.
MODULES = {
    "table5_behind": "experiments.compared.behind",
    "table5_measured": "experiments.compared.measured_table",
    "table5_rates": "experiments.compared.rates",
}
PAGES = (
    ROOT / "README.md",
    ROOT / "mans_keras" / "README.md",
    RESULTS / "README.md",
    RESULTS / "benchmark" / "README.md",
)
# What the page of results explains above its tables, so that a table in a page does not.
SAID_ONCE = (paired_differences.CAPTION, table_parts.BEST_EPOCH)
MARKED = re.compile(r"<!-- ((?:\w+ ){2,3})-->\n(.*?)<!-- end -->", re.DOTALL)


def table(experiment, dataset, results=RESULTS):
    """Title, header and rows of the table of an experiment on a dataset."""
    script = importlib.import_module(MODULES.get(experiment, f"experiments.{experiment}"))
    read = getattr(script, "records", functools.partial(tables.records, experiment=experiment))
    records = read(results, dataset=dataset)
    if not records:
        raise InputError(f"{results} has no records for the table {experiment} {dataset}")
    return script.table(records)


def text(marker):
    """The text of a marker such as "table4_ablation ut_kinect": the file of a benchmark, or the table of records."""
    experiment, dataset, *recipe = marker.split()
    written = RESULTS / experiment / f"{dataset}.md"
    if written.exists():
        return f"\n{written.read_text()}\n"
    title, header, rows = table(experiment, dataset, RESULTS.joinpath(*recipe))
    lines = [line for line in title.split("\n") if not line.startswith(SAID_ONCE)]
    return "\n".join(["", *lines, "", tables.markdown(header, rows), ""])


def card(path):
    """The card of a model of the repository, from its record and, if nothing tested it, those of the same training."""
    record = read_record(path)
    tested = []
    if "untested" in record:
        others = headline.records(RESULTS, record["dataset"])
        tested = [other for other in others if all(other[name] == record[name] for name in model_card.SAME)]
    return model_card.of_record(record, path.stem, tested)


@options.command(__doc__)
def main(args):
    for root in (RESULTS, *(RESULTS / recipe for recipe in recipes.RECIPES)):
        for folder in sorted(root.glob("*/*/")):
            experiment, dataset = folder.parts[-2:]
            if any(folder.glob("*/*.json")) or (folder / f"{experiment}.md").exists():
                tables.write_table(folder, experiment, *table(experiment, dataset, root))
    for folder in RESULTS.glob(f"{figure3.EXPERIMENT}/*/"):
        figure3.save(figure3.records(RESULTS, folder.name), folder)
    for dataset, protocol in measured.PROTOCOLS.items():
        of_best = RESULTS / recipes.BEST.name
        cells = measured.cells(tables.records(of_best, measured.EXPERIMENT, dataset), protocol)
        if any(cells.values()):
            path = of_best / measured.EXPERIMENT / dataset / measured.EXPERIMENT
            picture.write(path, cells, speed.read(RESULTS), f"{dataset}, {protocol}")
    for path in sorted((RESULTS / "trained").glob("*.json")):
        model_card.write(path.with_suffix(".md"), card(path))
    for page in PAGES:
        written = MARKED.sub(lambda m: f"<!-- {m[1]}-->\n{text(m[1])}<!-- end -->", page.read_text())
        with replacing(page) as part:
            part.write_text(written)
        print(f"{page.relative_to(ROOT)}: {len(MARKED.findall(written))} tables written from the records")


if __name__ == "__main__":
    main()
