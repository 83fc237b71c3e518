"""The pages of predictions and of run records in a browser, if one is installed."""

import contextlib

import numpy as np
import pytest
from helpers import standing_body
from test_page import HOSTILE, prediction, run_record

from mans_keras.reports import page


@contextlib.contextmanager
def opened(tab, html, tmp_path, width=1200):
    """A page opened from disk. It must log nothing and request nothing else."""
    path = tmp_path / "page.html"
    page.write(path, html)
    complaints, requests = [], []
    listeners = {
        "console": lambda message: complaints.append(message.text),
        "pageerror": lambda error: complaints.append(str(error)),
        "request": lambda request: requests.append(request.url),
    }
    for event, listener in listeners.items():
        tab.on(event, listener)
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(path.as_uri())
    tab.locator("img").evaluate_all("images => Promise.all(images.map(image => image.decode()))")
    yield
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]


def wait_until(tab, condition):
    """Playwright's `wait_for_function` evaluates text in the page, which the page forbids."""
    for _ in range(500):
        if condition():
            return
        tab.wait_for_timeout(20)
    raise AssertionError("it did not happen within 10 seconds")


def drawn(tab):
    return tab.locator("#stage").evaluate("canvas => canvas.toDataURL()")


def status(tab):
    return tab.locator("#status").inner_text()


def test_the_slider_moves_the_skeleton(tab, tmp_path):
    with opened(tab, page.of_prediction(prediction()), tmp_path):
        assert status(tab) == "Frame 0 / 9, attention 0.5000"
        first = drawn(tab)
        tab.locator("#slider").press("ArrowRight")
        assert status(tab) == "Frame 1 / 9, attention 0.5222"
        second = drawn(tab)
        assert second != first
        box = tab.locator("#slider").bounding_box()
        tab.mouse.click(box["x"] + box["width"] - 8, box["y"] + 10)
        assert status(tab).startswith("Frame 9 / 9")
        assert drawn(tab) not in (first, second)
        tab.locator("#slider").press("Home")
        assert drawn(tab) == first


def test_play_advances_until_paused(tab, tmp_path):
    with opened(tab, page.of_prediction(prediction(standing_body(400)[:, None])), tmp_path):
        tab.locator("#speed").select_option("120")
        tab.locator("#play").click()
        wait_until(tab, lambda: int(tab.locator("#slider").input_value()) > 5)
        tab.locator("#slider").press(" ")
        paused = status(tab)
        tab.wait_for_timeout(100)
        assert status(tab) == paused and tab.locator("#play").inner_text() == "Play"
        tab.locator("#stage").press(" ")
        wait_until(tab, lambda: status(tab) != paused)
        assert tab.locator("#play").inner_text() == "Pause"


def test_play_begins_again_after_the_last_frame(tab, tmp_path):
    with opened(tab, page.of_prediction(prediction()), tmp_path):
        tab.locator("#slider").press("End")
        tab.locator("#play").click()
        wait_until(tab, lambda: int(tab.locator("#slider").input_value()) < 9)


def test_the_attention_of_each_coordinate_can_be_chosen(tab, tmp_path):
    with opened(tab, page.of_prediction(prediction()), tmp_path):
        tab.locator("#slider").press("End")
        curves = set()
        assert status(tab) == "Frame 9 / 9, attention 0.7000"  # the mean
        for which, weight in (("0", "0.7000"), ("1", "0.9000"), ("2", "0.5000")):
            tab.locator("#which").select_option(which)
            assert status(tab) == f"Frame 9 / 9, attention {weight}"
            curves.add(tab.locator("#curve").evaluate("canvas => canvas.toDataURL()"))
        assert len(curves) == 3


def test_attention_that_hardly_varies_is_magnified_and_the_page_says_so(tab, tmp_path):
    little = prediction(attention=np.linspace(0.48, 0.52, 30).reshape(10, 3))
    for made, text in ((little, "from 0.476 to 0.524: magnified 21 times"), (prediction(), "from 0.000 to 1.000.")):
        with opened(tab, page.of_prediction(made), tmp_path):
            assert text in tab.locator("#range").inner_text()


def test_dragging_and_arrow_keys_turn_the_skeleton(tab, tmp_path):
    with opened(tab, page.of_prediction(prediction()), tmp_path):
        views = [drawn(tab)]
        box = tab.locator("#stage").bounding_box()
        tab.mouse.move(box["x"] + 100, box["y"] + 100)
        tab.mouse.down()
        tab.mouse.move(box["x"] + 160, box["y"] + 100)
        tab.mouse.up()
        views.append(drawn(tab))
        tab.mouse.move(box["x"] + 200, box["y"] + 200)
        assert drawn(tab) == views[-1]
        tab.locator("#stage").press("ArrowUp")
        views.append(drawn(tab))
        assert len(set(views)) == 3


COLORED = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let [blue, orange] = [0, 0];
  for (let at = 0; at < data.length; at += 4) {
    blue += data[at] === 0 && data[at + 1] === 114 && data[at + 2] === 178 && data[at + 3] === 255;
    orange += data[at] === 184 && data[at + 1] === 76 && data[at + 2] === 0 && data[at + 3] === 255;
  }
  return [blue > 50, orange > 50];
}"""


def test_two_bodies_are_drawn_and_an_absent_one_is_not(tab, tmp_path):
    pair = np.stack([standing_body(3), standing_body(3, facing=180) + np.array([1, 0, 0])], axis=1)
    pair[1, 1] = 0
    pair[2] = 0
    with opened(tab, page.of_prediction(prediction(pair)), tmp_path):
        assert tab.locator("#bodies").is_visible()
        seen = []
        for key in ("Home", "ArrowRight", "ArrowRight"):
            tab.locator("#slider").press(key)
            seen.append(tab.locator("#stage").evaluate(COLORED))
        assert seen == [[True, True], [True, False], [False, False]]
        assert status(tab).endswith("no body in this frame")


def test_points_are_drawn_for_unknown_bones_and_a_missing_attention_is_reported(tab, tmp_path):
    made = prediction(standing_body(1)[:, None, :7], attention=None)
    with opened(tab, page.of_prediction(made), tmp_path):
        assert tab.locator("#stage").evaluate(COLORED) == [True, False]
        assert status(tab) == "Frame 0 / 0"
        assert tab.locator("#range").inner_text() == "This model has no attention."
        assert not tab.locator("#choice").is_visible() and not tab.locator("#bodies").is_visible()


def test_names_are_shown_as_they_are(tab, tmp_path):
    made = prediction(class_names=HOSTILE * 2, scores=np.linspace(1, 0, 14))
    with opened(tab, page.of_prediction(made), tmp_path):
        assert tab.locator("#scores td:first-child").first.inner_text() == HOSTILE[0]
        assert tab.locator("summary").inner_text() == "6 other classes"
        assert tab.locator("b").count() == 0
    with opened(tab, page.of_record(run_record(class_names=list(HOSTILE[:2]))), tmp_path):
        assert tab.locator("#classes tbody td:first-child").all_text_contents() == list(HOSTILE[:2])
        assert tab.locator("b").count() == 0


@pytest.mark.parametrize("width", [1200, 400])
def test_a_run_is_shown_within_any_window(tab, tmp_path, width):
    made = run_record(class_names=["walk", "a class with a very long name, such as" + 40 * "x"])
    with opened(tab, page.of_record(made), tmp_path, width):
        assert tab.locator("#headline strong").all_inner_texts() == ["50.00%", "75.00%"]
        assert tab.locator("#wrong").inner_text() == "Misclassified: 1 of 4 test sequences"
        assert tab.locator("#mistakes tbody td").all_inner_texts()[::2] == ["t1", "walk"]
        assert tab.locator("img").evaluate_all("images => images.map(image => image.naturalWidth > 100)") == [True] * 2
        assert tab.evaluate("document.documentElement.scrollWidth") == width


def test_the_table_of_classes_fits_a_phone(tab, tmp_path):
    with opened(tab, page.of_record(run_record(class_names=["walk", "run"])), tmp_path, 390):
        inside, outside = tab.locator("#classes").evaluate(
            "t => [t.parentElement.scrollWidth, t.parentElement.clientWidth]"
        )
        assert inside <= outside


def test_a_prediction_fits_a_narrow_window(tab, tmp_path):
    with opened(tab, page.of_prediction(prediction(class_names=("walk", 60 * "x"))), tmp_path, 400):
        assert tab.evaluate("document.documentElement.scrollWidth") == 400
