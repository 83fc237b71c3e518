"""The `mans` command: one module for each of its commands.

A command imports what it needs when it runs, so that `mans --help` loads neither Keras nor matplotlib.
"""

import click

from mans_keras.cli import demo, evaluate, export, predict, report, stream, summary, train
from mans_keras.errors import InputError, printable


class _Group(click.Group):
    """Reports bad input in one line on stderr, as all commands of this project do."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except (InputError, OSError) as error:
            raise click.ClickException(printable(error)) from None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main():
    """Recognise actions in recordings of skeletons: predict, train, evaluate, export."""


for _module in (demo, evaluate, export, predict, report, stream, summary, train):
    main.add_command(_module.command)
