"""The table of the first page: MANs-9 with the recipe `best`, on every dataset that has records.

Trains nothing: reads the records of all experiments from --results. The repository's records are in
experiments/results.
"""

from experiments import common, headline, paper, table_parts
from mans_keras.reports import tables

EXPERIMENT = "summary"
MODEL, RECIPE = "mans-9", "best"
# (dataset, protocol): which sequences are tested
ROWS = {
    ("ut_kinect", "loso"): "each person in turn, trained on the other nine",
    ("ut_kinect", "odd_even"): "five people, trained on the other five",
    ("nw_ucla", "cross_view"): "a camera that was not trained on, the same people",
    ("utd_mhad", "cross_subject"): "four people, trained on the other four",
    ("hdm05", "cross_actor"): "each person in turn, trained on the other four; 11 classes of 65",
}
NAMES = {"ut_kinect": "UT-Kinect", "nw_ucla": "NW-UCLA", "utd_mhad": "UTD-MHAD", "hdm05": "HDM05"}


def records(results, dataset="all"):
    """The records of every row, of one dataset or of all."""
    return [
        record
        for name in dict.fromkeys(name for name, _ in ROWS)
        if dataset in ("all", name)
        for record in headline.records(results, name)
        if (record["model"], record["recipe"]["name"]) == (MODEL, RECIPE) and (name, record["protocol"]) in ROWS
    ]


def table(records):
    """Title, header and rows: a row for each data set and protocol, whether it has records or not."""
    header = ["Data set", "tested on", "accuracy, %", "runs", "paper, %"]
    rows = []
    for (dataset, protocol), tested in ROWS.items():
        cell = [record for record in records if (record["dataset"], record["protocol"]) == (dataset, protocol)]
        tables.check_same(cell, ("recipe", "epochs", "batch", "coordinates", "layout"))
        of_the_paper = table_parts.papers_cell(paper.table5(MODEL, dataset, protocol))
        accuracy, runs = tables.mean_and_deviation(cell, "last"), tables.number_of_runs(cell)
        rows.append([NAMES[dataset], f"{tested} (`{protocol}`)", accuracy, runs, of_the_paper])
    title = (
        "MANs-9 with the recipe `best`, at the last epoch; ± is the standard deviation over seeds, or over folds where "
        "there is one seed."
    )
    return title, header, rows


main = common.command_of_records(__doc__, EXPERIMENT, records, table, dataset="all")


if __name__ == "__main__":
    main()
