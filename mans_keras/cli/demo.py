"""`mans demo`: a page to try a model."""

from pathlib import Path

import click

from mans_keras.errors import InputError


@click.command("demo")
@click.option(
    "--models",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Offer the models in this folder, too: .h5 and .keras.",
)
@click.option("--host", default="127.0.0.1", help="Where to listen. 0.0.0.0 lets other machines use the page.")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: the first free one from 7860 on.")
def command(models, host, port):
    """Serve a page to try models: drop a recording, see the moving skeleton, its attention and the scores.

    Prints the page's address. Recordings stay on this machine, in a temporary folder that is removed at the end.
    """
    try:
        from mans_keras.demo import app
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise InputError("the page needs Gradio: pip install -e '.[demo]'") from None
    from mans_keras.demo import answers

    files = answers.model_files(models)
    answers.recognizer(next(iter(files.values())))  # a file that can't be loaded is reported before the page opens
    app.serve(files, host, port)
