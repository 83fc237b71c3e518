"""`mans train`, and `--extension` of the commands that load what it saved."""

import json

import keras
import pytest
from click.testing import CliRunner
from helpers import tensor_file
from helpers import tiny_model as saved_tiny_model

from mans_keras import cli
from mans_keras.models import attention
from mans_keras.models.extensions import load_extension
from mans_keras.skeletons.sequence import KINECT_1
from mans_keras.training.progress import EpochProgress

OWN = """
from keras import layers
from mans_keras import attention

@attention("{name}")
class {name}Attention(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.score = layers.Dense(1, activation="sigmoid")

    def call(self, x):
        return self.score(x)
"""


@pytest.fixture(scope="module")
def tensor_path(tmp_path_factory):
    return tensor_file(tmp_path_factory.mktemp("tensors") / "mine_50.h5", dataset="mine", body=KINECT_1)


@pytest.fixture
def tensors(tensor_path, tiny):
    return tensor_path


@pytest.fixture
def forget():
    """Forgets the attentions that a test has registered: when it is called, and at the end."""
    before = set(attention.ATTENTIONS)

    def forget_attentions():
        for name in set(attention.ATTENTIONS) - before:
            kind = attention.ATTENTIONS.pop(name)
            keras.saving.get_custom_objects().pop(f"mans_keras>{kind.__name__}")

    yield forget_attentions
    forget_attentions()


def mans(*arguments):
    return CliRunner().invoke(cli.main, [*map(str, arguments)])


def test_it_follows_the_recipe_best_and_says_how_it_goes_and_where_the_record_is(tensors, tmp_path):
    done = mans("train", tensors, tmp_path / "m.keras", "--epochs", "3", "--set", "learning_rate=0.02")
    assert done.exit_code == 0, done.output
    lines = done.stderr.splitlines()
    assert lines[0].startswith("training mans-9 on 18 sequences, testing on 6 (holdout), 3 epochs, recipe best")
    assert "note: to follow the recipe, prepare the tensors with --coordinates upright" in lines
    assert "best with learning_rate 0.02 in place of 0.05" in lines
    assert [line.split(":")[0] for line in lines[-3:]] == ["epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"]
    assert "loss" in lines[-2] and "test accuracy" in lines[-2] and " s left" in lines[-2]
    assert done.stdout.splitlines()[-1] == f"record: {tmp_path / 'm.keras.json'}"
    record = json.loads((tmp_path / "m.keras.json").read_text())
    assert (record["recipe"]["name"], record["recipe"]["learning_rate"]) == ("best", 0.02)


def test_all_sequences_train_and_no_accuracy_is_named(tensors, tmp_path):
    done = mans("train", tensors, tmp_path / "m.h5", "--all", "--epochs", "1")
    assert done.exit_code == 0, done.output
    assert "training mans-9 on 24 sequences, testing on none" in done.stderr
    assert "test accuracy" not in done.output
    assert f"{tmp_path / 'm.h5'}: all sequences trained this model: nothing tested it" in done.stdout
    assert (tmp_path / "m.h5").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--all", "--protocol", "loso"], "--all trains on all sequences: leave out --protocol and --fold"),
        (["--all", "--recipe", "released"], "lowers its rate by the test loss"),
        (["--set", "rate=1"], "a recipe has no value 'rate': its values are learning_rate"),
        (["--attention", "spatial"], "no attention 'spatial': there are residual"),
        (["--attention", "missing.py"], "missing.py can't be read"),
        (["--attention", "gate", "--alpha", "4"], "gate has no alpha"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_one_line(tensors, tmp_path, arguments, complaint):
    done = mans("train", tensors, tmp_path / "m.h5", *arguments)
    assert done.exit_code == 1 and complaint in done.stderr and done.stderr.count("\n") == 1


def test_an_attention_of_your_own_is_a_file(tensors, tmp_path, forget):
    (tmp_path / "own.py").write_text(OWN.format(name="Mine"))
    done = mans("train", tensors, tmp_path / "m.h5", "--attention", tmp_path / "own.py", "--epochs", "1")
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "m.h5.json").read_text())
    assert (record["variant"], record["arguments"]) == ("mans-9-Mine", {"attention": "Mine"})


def test_the_commands_that_load_a_model_with_it_take_the_file_as_an_extension(tmp_path, forget):
    file = tmp_path / "own.py"
    file.write_text(OWN.format(name="Mine"))
    load_extension(file)
    model = saved_tiny_model(tmp_path / "m.h5", attention="Mine")
    forget()
    done = mans("summary", model)
    assert done.exit_code == 1 and "by the option --extension of `mans`" in done.stderr
    assert mans("summary", model, "--extension", file).exit_code == 0
    for command in ("predict", "stream", "evaluate", "export"):
        assert "--extension FILE.py" in mans(command, "--help").output


def test_a_file_with_two_attentions_does_not_say_which_one(tensors, tmp_path, forget):
    file = tmp_path / "two.py"
    file.write_text(OWN.format(name="First") + OWN.format(name="Second"))
    done = mans("train", tensors, tmp_path / "m.h5", "--attention", file)
    assert done.exit_code == 1 and "registers First and Second" in done.stderr


def test_an_interrupted_training_says_how_to_resume(tensors, tmp_path, monkeypatch):
    def interrupted(self, epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt

    command = ("train", tensors, tmp_path / "m.keras", "--epochs", "3")
    with monkeypatch.context() as patched:
        patched.setattr(EpochProgress, "__call__", interrupted)
        done = mans(*command)
    assert done.exit_code == 130
    kept = tmp_path / "m.checkpoint.npz"
    assert f"interrupted; the finished epochs are in {kept}: run the same command again to resume" in done.stderr
    done = mans(*command)
    assert done.exit_code == 0 and "epoch 1 of 3" not in done.stderr and "epoch 3 of 3" in done.stderr
