"""Names of classes and files with "$", of any length, or with control characters: they are drawn and printed."""

import io

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import standing_body, tiny_model
from test_page import prediction, run_record

from experiments import per_class
from mans_keras import cli
from mans_keras.errors import InputError, exit_code, listed, printable
from mans_keras.reports import page, prediction_animation, prediction_pictures, record_plots
from mans_keras.training.records import write_record

NAMES = ("$x_{$", "$", r"\$\frac$", "a\nb\x1b[31m", "\ud800", "w" * 200_000)


def texts(figure):
    """All texts that a figure shows, after it was drawn."""
    figure.savefig(io.BytesIO(), dpi=40)
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def check_drawn(figure, names):
    """Whether a figure shows the beginnings of these names, and no text without an end."""
    drawn = [text.replace("\n", "") for text in texts(figure)]
    for name in names:
        assert any(record_plots.label(name)[:30] in text for text in drawn), name[:30]
    assert max(map(len, drawn)) < record_plots.LONGEST_TITLE + 20


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:constrained_layout not applied")  # 60 of the widest letters leave no room for it
def test_classes_of_any_name_are_drawn():
    title, scores = " ".join(NAMES), np.eye(len(NAMES))
    segments = [(name, frame, frame) for frame, name in enumerate(NAMES)]
    curves = {name: [run_record()] for name in NAMES}
    check_drawn(record_plots.confusion(scores.astype(int), NAMES, title), [*NAMES, title])
    check_drawn(record_plots.scores_over_time(scores, NAMES, segments, title), [*NAMES, title])
    check_drawn(record_plots.error_curves(curves, title), [*NAMES, title])
    check_drawn(prediction_pictures.tensor(np.zeros((4, 4, 3)), np.ones((4, 4, 3)), title), [title])
    page.of_record(run_record(class_names=[name for name in NAMES if name.isascii()]))  # a record can't hold the other


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES, ids=["formula", "dollar", "backslash", "control", "surrogate", "long"])
def test_a_prediction_of_a_class_of_any_name_is_drawn(name):
    made = prediction(standing_body(2)[:, None], class_names=[name, "run"], scores=(0.9, 0.1))
    check_drawn(prediction_pictures.attention(made), [name])
    next(prediction_animation.images(made))


def test_a_dollar_is_drawn_as_a_dollar():
    figure = record_plots.confusion(np.eye(2, dtype=int), ["$a$", "b"], "")
    figure.savefig(file := io.StringIO(), format="svg")
    # a formula would be drawn without its dollars; the comments of an SVG are its texts
    assert file.getvalue().count("<!-- $a$ -->") == 2


def test_a_matrix_of_very_many_classes_fits_a_picture():
    figure = record_plots.confusion(np.zeros((150, 150), int), [str(n) for n in range(150)], "")
    width, height = figure.get_size_inches()
    assert width == height == record_plots.LARGEST


def test_names_with_control_characters_are_escaped():
    assert printable("a\nb\x1b[31m\ud800é\u202e") == r"a\nb\x1b[31m\ud800é\u202e"
    assert listed(["a\nb", "c"]) == r"a\nb, c"


def test_an_error_about_a_file_with_a_line_break_is_one_line(tmp_path, capsys):
    def main():
        raise InputError("a\nb\x1b[2J does not exist")

    assert exit_code(main) == 1
    assert capsys.readouterr().err == "Error: a\\nb\\x1b[2J does not exist\n"


@pytest.mark.slow
def test_mans_prints_names_of_files_and_classes_escaped(tmp_path, eager):
    model, recording = tiny_model(tmp_path / "m.h5"), tmp_path / "t\x1b[2J\n$.npy"
    np.save(recording, standing_body())
    done = CliRunner().invoke(cli.main, ["predict", str(model), str(recording), "--plot", str(tmp_path / "p.png")])
    assert done.exit_code == 0 and "\x1b" not in done.output and r"t\x1b[2J\n$.npy, 6 frames" in done.output
    done = CliRunner().invoke(cli.main, ["stream", str(model), str(recording), "--plot", str(tmp_path / "s.png")])
    assert done.exit_code == 0 and "\x1b" not in done.output
    done = CliRunner().invoke(cli.main, ["predict", str(model), str(tmp_path / "no\nfile.npy")])
    assert done.exit_code == 1 and done.stderr.count("\n") == 1


def test_per_class_draws_a_class_that_is_called_dollar(tmp_path, capsys):
    write_record(tmp_path / "r.json", run_record(class_names=["$x_{$", "run"]))
    with pytest.raises(SystemExit) as end:
        per_class.main([str(tmp_path / "r.json")])
    assert end.value.code == 0 and (tmp_path / "r-classes.png").is_file()
