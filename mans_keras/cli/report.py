"""`mans report`: a page about a run."""

import click

from mans_keras.cli.common import FILE, show


@click.command("report")
@click.argument("record", metavar="RECORD.json", type=FILE)
@click.argument("out", metavar="OUT.html", type=FILE)
def command(record, out):
    """Write an HTML page about a run: accuracies, curves, confusion matrix, mistakes and settings.

    RECORD.json is the record of a run, as written by `mans train` and the experiments. OUT.html needs no internet.
    """
    from mans_keras.reports import page
    from mans_keras.training.records import read_record

    page.check_name(out)
    page.write(out, page.of_record(read_record(record)))
    show(f"Written to {out}")
