"""Put the committed tables between the markers of the pages, as <!-- table4_ablation ut_kinect -->.

The pages are README.md and those of mans_keras/ and experiments/results/. The markers name an experiment and a
dataset, or the table of a benchmark, which has no records: its table is the file that its script wrote. Run it after
records in experiments/results/ have changed; it writes their Markdown and CSV and Figure 3 again, too.
"""

import functools
import importlib
import re

from experiments import common, options
from experiments import figure3_convergence as figure3
from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.reports import tables
from mans_keras.training import recipes

ROOT = common.DATA_PREP.parent
RESULTS = ROOT / "experiments" / "results"
PAGES = (ROOT / "README.md", ROOT / "mans_keras" / "README.md", RESULTS / "README.md")
MARKED = re.compile(r"<!-- (\w+) (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)


def table(experiment, dataset, results=RESULTS):
    """(title, header, rows) of committed records."""
    script = importlib.import_module(f"experiments.{experiment}")
    read = getattr(script, "records", functools.partial(tables.records, experiment=experiment))
    found = read(results, dataset=dataset)
    if not found:
        raise InputError(f"no record for the table {experiment} {dataset} lies in {results}")
    return script.table(found)


def shown(experiment, dataset):
    """What belongs between the markers of a table: of records, or, of none, as its script wrote it."""
    written = RESULTS / experiment / f"{dataset}.md"
    if written.exists():
        return f"\n{written.read_text()}\n"
    title, header, rows = table(experiment, dataset)
    return f"\n{title}\n\n{tables.markdown(header, rows)}\n"


@options.command(__doc__)
def main(args):
    for root in (RESULTS, *(RESULTS / recipe for recipe in recipes.RECIPES)):
        for folder in sorted(root.glob("*/*/")):
            experiment, dataset = folder.parts[-2:]
            if any(folder.glob("*/*.json")) or (folder / f"{experiment}.md").exists():
                tables.write_table(folder, experiment, *table(experiment, dataset, root))
    for folder in RESULTS.glob(f"{figure3.EXPERIMENT}/*/"):
        figure3.save(figure3.records(RESULTS, folder.name), folder)
    for page in PAGES:
        text = page.read_text()
        found = MARKED.findall(text)
        with replacing(page) as part:
            part.write_text(MARKED.sub(lambda m: f"<!-- {m[1]} {m[2]} -->\n{shown(m[1], m[2])}<!-- end -->", text))
        print(f"{len(found)} tables of {page.relative_to(ROOT)} are those of the records")


if __name__ == "__main__":
    main()
