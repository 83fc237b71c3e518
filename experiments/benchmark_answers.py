"""How long a user waits for an answer: `mans predict` from command to answer, and the exports next to Keras.

`mans predict` and `python -c "import tensorflow"` run alternately, each in a new process. Where its seconds go is
measured in further processes. An export answers one sequence, alternately with Keras' `predict_on_batch`. The model is
the repository's MANs-9, and the recording a synthetic one. Medians.

Takes about 5 minutes on two CPU cores, on which nothing else should run. The exports need `pip install -e '.[export]'`.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from experiments import options
from experiments.timing import HEADER, in_process, in_turn, medians, over, row
from mans_keras.reports import tables

MODEL = Path(__file__).parent / "results" / "trained" / "mans9_ut_kinect.h5"
TENSORFLOW = [sys.executable, "-c", "import tensorflow"]
PREDICT = [sys.executable, "-m", "mans_keras.cli", "predict", str(MODEL)]
STAGES = ("importing TensorFlow", "the other imports", "loading the model", "the tensor", "its scores")
# The name of an export, its file, and the options that `export` takes.
EXPORTS = (
    ("ONNX", "any.onnx", {}),
    ("ONNX, --batch 1", "one.onnx", {"batch": 1}),
    ("LiteRT", "any.tflite", {}),
    ("LiteRT, --batch 1", "one.tflite", {"batch": 1}),
)
RAW = ("ONNX, --raw, from joints", "raw.onnx", {"raw": True})
PROCESSES, SEQUENCES = 7, 200


def write_recording(folder):
    """Write a synthetic recording that `MODEL` takes; returns its path."""
    from mans_keras.skeletons.synthetic import examples

    np.save(folder / "recording.npy", examples.record("waves both hands", subject=1))
    return folder / "recording.npy"


def run(command):
    """Run a command to its end, without its output. Raises `CalledProcessError` if it fails."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stages(recording, picture):
    """Seconds of each of `STAGES`, and of drawing, in this process, which must be new. As in `mans predict`."""
    from mans_keras import quiet

    times = [time.perf_counter()]
    with quiet.stderr():
        import tensorflow  # noqa: F401
    times.append(time.perf_counter())
    from mans_keras.recognition.recognizer import Recognizer

    times.append(time.perf_counter())
    recognizer = Recognizer(MODEL, compiled=False)
    times.append(time.perf_counter())
    x = recognizer.tensor(recognizer.read(recording))[None]
    times.append(time.perf_counter())
    recognizer.scores(x)
    times.append(time.perf_counter())
    (prediction,) = recognizer.predict([recording])
    drawing = time.perf_counter()
    from mans_keras.reports import prediction_pictures

    prediction_pictures.write(prediction, picture)
    return *np.diff(times), time.perf_counter() - drawing


def predicting(folder, rounds=PROCESSES):
    """Row: `mans predict` on one recording over importing TensorFlow, and where the seconds go."""
    path = write_recording(folder)
    seconds = in_turn(lambda: run([*PREDICT, str(path)]), lambda: run(TENSORFLOW), rounds=rounds)
    *parts, drawing = np.median([in_process(stages, path, folder / "picture.png") for _ in range(rounds)], axis=0)
    whole, alone = medians(seconds)
    named = ", ".join(f"{stage} {part:.2f}" for stage, part in zip(STAGES, parts, strict=True))
    details = f"{whole:.2f} over {alone:.2f} s: {named}, Python and the command {whole - sum(parts):.2f}; "
    details += f"a picture would take {drawing:.2f} more"
    return row("`mans predict` on one recording over `import tensorflow`", over(*seconds.T), 1.3, details)


def exports(folder, rounds=SEQUENCES):
    """Rows: one sequence by each export over Keras' own prediction of it."""
    import keras

    from mans_keras.recognition import export

    model = keras.models.load_model(MODEL, compile=False)
    tensor, joints = export.random_tensors(model, 1), export.random_recording(model, 60)
    pairs = [(*kind, tensor, lambda: model.predict_on_batch(tensor)) for kind in EXPORTS]
    pairs.append((*RAW, joints, lambda: export.of_recording(model, joints)))
    measured = []
    for name, file, settings, x, keras_answer in pairs:
        run_export = export.export(model, folder / file, **settings)
        seconds = in_turn(lambda run=run_export, x=x: run(x), keras_answer, rounds=rounds)
        details = "{:.2f} over {:.2f} ms".format(*1e3 * medians(seconds))
        measured.append(row(f"latency of one, {name}, over Keras", over(*seconds.T), 1, details))
    return measured


@options.command(__doc__, options.results("results/benchmark"))
def main(args):
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        rows = [predicting(Path(folder)), *in_process(exports, Path(folder))]
    from mans_keras.training import machine

    versions = ", ".join(f"{name} {version}" for name, version in machine.versions().items() if name != "mans_keras")
    title = f"{machine.device()}; {versions}. Load before the start {load:.1f}, at the end {os.getloadavg()[0]:.1f}."
    print("\n" + tables.write_table(args.results, "answers", title, HEADER, rows))
    print(f"Written to {args.results}")


if __name__ == "__main__":
    main()
