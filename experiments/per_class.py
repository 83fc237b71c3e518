"""One or several records, class by class: a table and a confusion matrix of the predictions at the last epoch.

The predictions of several records, such as the folds of a protocol, are counted together.
"""

import click

from experiments import options, table_parts
from mans_keras.reports import record_plots, tables
from mans_keras.training.records import read_record


def table(records):
    """Title, header and rows: one row per class, with recall and precision in percent.

    Raises `InputError` if the records differ in model, training, data or protocol.
    """
    tables.check_same(records, ("dataset", "protocol", "model", "arguments", "recipe", "epochs", "tensors"))
    rows = tables.classes(records)
    return _title(records), tables.CLASSES_HEADER, rows


def _title(records):
    first = records[0]
    name = table_parts.short_name(first["dataset"])
    runs = "1 run" if len(records) == 1 else tables.number_of_runs(records)
    return f"{first['variant']} on {name}, {first['protocol']}, {runs}: last epoch, in percent."


@options.command(
    __doc__,
    click.Argument(["records"], type=options.FILE, metavar="RECORD.json...", nargs=-1, required=True),
    click.Option(
        ["--out"],
        type=options.FOLDER,
        metavar="DIR",
        help="The folder for table and picture. Default: the folder of the first record.",
    ),
)
def main(args):
    records = [read_record(path) for path in args.records]
    folder, name = args.out or args.records[0].parent, f"{args.records[0].stem}-classes"
    title, header, rows = table(records)
    print(tables.write_table(folder, name, title, header, rows))
    picture = record_plots.confusion(tables.confusion(records), records[0]["class_names"], title.split(":")[0])
    record_plots.save(picture, folder / name)
    print(f"Written to {folder / name}.md, .csv and .png")


if __name__ == "__main__":
    main()
