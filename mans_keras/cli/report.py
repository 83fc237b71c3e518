"""`mans report`: a page about a run, or the card of its model."""

import click

from mans_keras.cli.common import FILE, show
from mans_keras.errors import InputError


@click.command("report")
@click.argument("record", metavar="RECORD.json", type=FILE)
@click.argument("out", metavar="OUT", type=FILE)
@click.option(
    "--tested",
    multiple=True,
    type=FILE,
    metavar="RECORD.json",
    help="With OUT.md: a record of the same training that was tested, for a model of `mans train --all`. May be "
    "repeated.",
)
def command(record, out, tested):
    """Write a page about a run, OUT.html, or the card of its model, OUT.md.

    RECORD.json is the record of a run, as written by `mans train` and the experiments. The page has accuracies, curves,
    confusion matrix, mistakes and settings, and needs no internet. The card has data, protocol, accuracy, intended use
    and limits.
    """
    from mans_keras.training.records import read_record

    if out.suffix == ".md":
        from mans_keras.reports import model_card

        card = model_card.of_record(read_record(record), record.stem, [read_record(path) for path in tested])
        model_card.write(out, card)
    elif out.suffix != ".html":
        raise InputError(f"{out} must end with .html for a page, or with .md for a card")
    else:
        from mans_keras.reports import page

        if tested:
            raise InputError("--tested is for a card: OUT must end with .md")
        page.write(out, page.of_record(read_record(record)))
    show(f"Written to {out}")
