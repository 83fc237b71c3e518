"""The page of `mans demo`, made with Gradio: it runs on this machine and sends nothing to another one."""

import os
import signal
import sys
import tempfile
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import gradio as gr

from mans_keras.demo import answers
from mans_keras.errors import InputError
from mans_keras.skeletons import recording
from mans_keras.skeletons.bounds import MAX_BYTES, MAX_FRAMES
from mans_keras.skeletons.synthetic import examples
from mans_keras.skeletons.units import METRES

UNIT = "as the file says, or metres"
SEVERAL = "does six actions, one after the other"
PICTURES = "Pictures to download"
USUAL_WINDOW = 30  # frames, for models that do not say how long their recordings were
FORMATS = [*recording.FORMATS, ".asf"]
STYLE = """
.viewer { display: block; width: 100%; height: 40rem; border: 0; }
.problem { border-left: .3rem solid #b84c00; padding-left: .7rem; overflow-wrap: anywhere; }
.leading { width: 100%; }
.leading td { white-space: nowrap; overflow-wrap: anywhere; }
footer { display: none !important; }
.generating { border: 0 !important; }
"""
# The frame with the skeleton says how high its contents are. On a phone it is below the inputs, and so are messages:
# the page scrolls to what is new there, since a browser does not draw a frame out of sight.
HEAD = """<script>
addEventListener("message", (event) => {
  const frame = document.querySelector("iframe.viewer");
  if (frame?.contentWindow !== event.source || !(event.data.height > 0)) return;
  frame.style.height = `${event.data.height}px`;
});
const seen = new WeakMap();  // Gradio may put a new content into the same element
new MutationObserver(() => {
  for (const shown of document.querySelectorAll("iframe.viewer, .problem")) {
    const isFrame = shown.matches("iframe"), content = isFrame ? shown.srcdoc : shown.textContent;
    const isNew = seen.get(shown) !== content;
    seen.set(shown, content);
    if (!isNew || shown.getBoundingClientRect().top < innerHeight / 2) continue;
    const note = isFrame && [...document.querySelectorAll(".note")].find((note) => note.offsetParent);
    (note || shown).scrollIntoView({ behavior: "smooth", block: isFrame ? "start" : "nearest" });
  }
}).observe(document, { childList: true, subtree: true, characterData: true, attributeFilter: ["srcdoc"] });
</script>"""


def build(models: dict[str, Path], folder: Path) -> gr.Blocks:
    """The page. models: as `answers.model_files` has them. folder: for what an answer is made of, while it is made.

    Gradio keeps copies of uploads and pictures in a folder of its own, for an hour.
    """

    def describe(name):
        try:
            model = answers.recognizer(models[name])
        except InputError as error:
            return answers.paragraph(str(error), "problem"), USUAL_WINDOW
        return answers.describe(model), model.frames or USUAL_WINDOW

    def answered(show, nothing):
        """The function of an event: what `show` yields of a recording that was dropped or chosen, or what is wrong."""

        def answer(name, uploads, example, unit, *options):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                try:
                    model = answers.recognizer(models[name])
                    if uploads:
                        yield from show(model, answers.recording(uploads, place), place, METRES.get(unit), *options)
                    elif example:
                        yield from show(model, answers.example(example, model, place), place, None, *options)
                    else:
                        yield "", *nothing
                except (InputError, OSError) as error:
                    # a file has its name, and not the place where it lies now
                    yield answers.paragraph(str(error).replace(f"{place}/", ""), "problem"), *nothing

        return answer

    def predict(model, path, place, unit):
        (prediction,) = model.predict([path], unit=unit)
        joints = prediction.joints
        text = answers.remarks(model, joints, prediction.notes) + answers.length(model, joints)
        yield text, answers.viewer(prediction), gr.update(value=None, label=f"{PICTURES}: being drawn", visible=True)
        yield gr.skip(), gr.skip(), gr.update(value=answers.pictures(prediction, place), label=PICTURES)

    def over_time(model, path, place, unit, window):
        text, picture, table = answers.over_time(model, path, unit, int(window), place)
        yield text, gr.update(value=picture, visible=True), table

    def recording_inputs(choices):
        uploads = gr.File(label="Recording", file_count="multiple", file_types=FORMATS, height=150)
        example = gr.Radio(choices, label="or SYNTHETIC: somebody who ...")
        return uploads, example, gr.Dropdown([UNIT, *METRES], label="Unit of the recording")

    def connect(answer, inputs, outputs, uploads, example, unit):
        """Answer whatever was dropped or chosen last; the other input is emptied."""
        event = {
            "fn": answer,
            "inputs": inputs,
            "outputs": outputs,
            "concurrency_id": "model",
            # by default Gradio ignores a second recording while the pictures of the first are still drawn
            "trigger_mode": "always_last",
            "api_visibility": "private",
        }
        for choose, emptied in ((uploads.upload, example), (example.input, uploads)):
            choose(lambda: None, outputs=emptied, api_visibility="private").then(**event)
        gr.on([uploads.clear, model.input, unit.input], **event)

    with gr.Blocks(title="mans_keras", analytics_enabled=False, delete_cache=(600, 3600)) as page:
        gr.Markdown(
            "# What is this person doing?\n"
            "Drop a recording of a skeleton. A Memory Attention Network answers, on this machine."
        )
        model = gr.Dropdown(list(models), label="Model", interactive=len(models) > 1)
        about = gr.HTML()
        with gr.Tab("One action"), gr.Row():
            with gr.Column(scale=1, min_width=300):
                uploads, example, unit = recording_inputs(list(examples.ACTIONS))
            with gr.Column(scale=2, min_width=300):
                text, player = gr.HTML(), gr.HTML()
                pictures = gr.File(label=PICTURES, visible=False, interactive=False)
        answer = answered(predict, ("", gr.update(visible=False)))
        connect(answer, [model, uploads, example, unit], [text, player, pictures], uploads, example, unit)
        with gr.Tab("Several actions"), gr.Row():
            with gr.Column(scale=1, min_width=300):
                uploads, example, unit = recording_inputs([SEVERAL])
                window = gr.Number(label="Frames that each answer is about", minimum=1, maximum=MAX_FRAMES, precision=0)
            with gr.Column(scale=2, min_width=300):
                text = gr.HTML()
                picture = gr.Image(show_label=False, visible=False, format="png", buttons=["download", "fullscreen"])
                table = gr.HTML()
        answer = answered(over_time, (gr.update(visible=False), ""))
        connect(answer, [model, uploads, example, unit, window], [text, picture, table], uploads, example, unit)
        gr.on([page.load, model.input], describe, model, [about, window], api_visibility="private")
    return page


def launch(page: gr.Blocks, host: str, port: int | None) -> str:
    """Serve the page from another thread, and return its address. port: None is the first free one from 7860 on."""
    # the machine's fonts: Gradio's own come from another server
    theme = gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"])
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        max_file_size=MAX_BYTES,
        share=False,
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        pwa=False,
        quiet=True,
        footer_links=[],
        theme=theme,
        css=STYLE,
        head=HEAD,
    )
    return address


def serve(models: dict[str, Path], host: str, port: int | None) -> None:
    """Serve the page until the process is interrupted or terminated; then no file of a visitor is left."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="mans_demo_") as folder:
        os.environ["GRADIO_TEMP_DIR"] = f"{folder}/gradio"
        page = build(models, Path(folder))
        print(f"{launch(page, host, port)} - Ctrl-C ends it", flush=True)
        page.block_thread()
