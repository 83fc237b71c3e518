"""`mans demo` as people use it: the command, and a browser at its page."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import numpy as np
import pytest
from helpers import ROOT, standing_body

from mans_keras.skeletons.bounds import MAX_BYTES

pytestmark = pytest.mark.slow
SHIPPED = ROOT / "experiments/results/trained/mans9_ut_kinect.h5"
LONG = 120_000  # milliseconds: the first answer of a model compiles it


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """(address, folder of temporary files) of `mans demo`. Nothing is left in that folder when the demo ends."""
    pytest.importorskip("gradio", reason="gradio is not installed (.[demo])")
    models, temporary = tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("temporary")
    shutil.copy(SHIPPED, models / "mine.h5")
    (models / "broken.h5").write_text("no model")
    command = [sys.executable, "-m", "mans_keras.cli", "demo", "--models", models]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        yield process.stdout.readline().split()[0], temporary
        process.send_signal(signal.SIGTERM)
    assert [path.name for path in temporary.iterdir() if path.name.startswith("mans_demo")] == []


@pytest.fixture
def opened(demo, tab):
    """The page in a browser. It asks no other server for anything."""
    requests = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.goto(demo[0])
    tab.get_by_text("Expects 20 joints").wait_for(timeout=LONG)
    yield tab
    assert [url for url in requests if not url.startswith((demo[0], "data:", "blob:", "about:"))] == []


def drop(tab, *files):
    tab.locator("input[type=file]").first.set_input_files(files)


def answer(tab):
    """The title of the page that shows the moving skeleton."""
    return tab.frame_locator("iframe.viewer").locator("#title")


def test_a_synthetic_example_is_answered_by_a_moving_skeleton_and_pictures(opened):
    opened.get_by_label("waves both hands").check()
    answer(opened).filter(has_text="waveHands").wait_for(timeout=LONG)
    skeleton = opened.frame_locator("iframe.viewer")
    assert skeleton.locator("#name").inner_text() == "SYNTHETIC waves both hands.json, 30 frames"
    assert skeleton.locator("#play").inner_text() == "Pause"  # it moves
    opened.get_by_text("Pictures to download").wait_for(timeout=LONG)
    opened.locator("a[download]").last.scroll_into_view_if_needed()
    opened.wait_for_timeout(1000)  # the frame above is drawn when it comes into sight; a click before that is lost
    for number, begin in enumerate((b"\x89PNG", b"GIF89a", b"<!doctype html>")):
        with opened.expect_download(timeout=LONG) as download:
            opened.locator("a[download]").nth(number).click()
        assert download.value.path().read_bytes().startswith(begin)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_answer_fits_the_window(opened, width):
    opened.set_viewport_size({"width": width, "height": 800})
    opened.get_by_label("sits down").check()
    answer(opened).filter(has_text="sitDown").wait_for(timeout=LONG)
    inside = opened.frame_locator("iframe.viewer").locator("html")
    for _ in range(100):  # the page makes room for the frame, which scrolls in neither direction
        sizes = inside.evaluate("html => [html.scrollWidth, innerWidth, html.scrollHeight, innerHeight]")
        if sizes[0] <= sizes[1] and sizes[2] <= sizes[3]:
            break
        opened.wait_for_timeout(50)
    assert sizes[0] <= sizes[1] and sizes[2] <= sizes[3]
    assert opened.evaluate("document.documentElement.scrollWidth") == width


def test_a_recording_is_answered_and_bad_input_gets_the_readers_message(opened, tmp_path, demo):
    good, bad = tmp_path / "good.npy", tmp_path / "<b>bad.csv"
    np.save(good, standing_body(40))
    bad.write_text("1,2\n3,x\n")
    drop(opened, bad)
    problem = opened.locator(".problem")
    problem.wait_for(timeout=LONG)
    assert "bad.csv: " in problem.inner_text() and str(demo[1]) not in problem.inner_text()
    opened.get_by_label("Clear").first.click()
    drop(opened, good)
    answer(opened).wait_for(timeout=LONG)
    assert "good.npy, 40 frames" in opened.frame_locator("iframe.viewer").locator("#name").inner_text()
    assert problem.count() == 0


def test_a_second_recording_is_answered_while_the_pictures_of_the_first_are_drawn(opened, tmp_path):
    long, short = tmp_path / "long.npy", tmp_path / "short.npy"
    np.save(long, standing_body(140))
    np.save(short, standing_body(20))
    drop(opened, long)
    name = opened.frame_locator("iframe.viewer").locator("#name")
    name.filter(has_text="long.npy").wait_for(timeout=LONG)
    opened.get_by_label("Clear").first.click()
    drop(opened, short)
    name.filter(has_text="short.npy, 20 frames").wait_for(timeout=LONG)


def test_on_a_phone_the_page_scrolls_to_each_answer(opened):
    opened.set_viewport_size({"width": 390, "height": 640})
    for action, name in (("sits down", "sitDown"), ("claps", "clapHands")):
        opened.evaluate("scrollTo(0, 0)")
        opened.get_by_label(action).check()
        answer(opened).filter(has_text=name).wait_for(timeout=LONG)
        opened.wait_for_timeout(1500)  # it scrolls smoothly
        assert opened.locator("iframe.viewer").bounding_box()["y"] < 320


def test_on_a_phone_the_page_scrolls_to_what_is_wrong(opened, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("1,2\n3,x\n")
    opened.set_viewport_size({"width": 390, "height": 640})
    drop(opened, bad)
    problem = opened.locator(".problem")
    problem.wait_for(timeout=LONG)
    opened.wait_for_timeout(1000)  # it scrolls smoothly
    box = problem.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 640


def test_an_amc_needs_its_asf_and_two_recordings_are_refused(opened, tmp_path):
    files = [tmp_path / name for name in ("a.npy", "b.npy")]
    for file in files:
        np.save(file, standing_body(9))
    drop(opened, *files)
    opened.locator(".problem").filter(has_text="drop one recording at a time").wait_for(timeout=LONG)


def test_another_model_may_be_chosen_and_a_broken_one_is_reported(opened, demo):
    opened.get_by_role("combobox", name="Model").click()
    opened.get_by_role("option", name="broken.h5").click()
    opened.locator(".problem").filter(has_text="is not a model that can be loaded").first.wait_for(timeout=LONG)
    opened.get_by_role("combobox", name="Model").click()
    opened.get_by_role("option", name="mine.h5").click()
    opened.get_by_text("Expects 20 joints").wait_for(timeout=LONG)


def test_of_a_long_recording_the_page_says_which_class_leads_when(opened):
    opened.get_by_role("tab", name="Several actions").click()
    opened.get_by_label("does six actions").check()
    opened.locator("table.leading").wait_for(timeout=LONG)
    actions = opened.locator("table.leading td:nth-child(2)").all_inner_texts()
    long = [actions.index(name) for name in ("waveHands", "clapHands", "sitDown", "walk")]
    assert long == sorted(long)
    opened.locator("img[src*=SYNTHETIC]").first.wait_for(timeout=LONG)


def test_an_upload_larger_than_a_recording_may_be_is_refused(demo):
    body = (
        b"--x\r\nContent-Disposition: form-data; name=files; filename=a.npy\r\n\r\n"
        + bytes(MAX_BYTES + 1)
        + b"\r\n--x--"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    request = urllib.request.Request(f"{demo[0]}gradio_api/upload", body, headers)
    with pytest.raises(urllib.error.HTTPError, match="413"):
        urllib.request.urlopen(request)
