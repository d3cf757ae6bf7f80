"""The user's own program fills an episode; whatever it gets wrong is one sentence."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from support import fake_inpainter
from support.fake_cleaner import colour_filler, dataset_of_takes, rectangle_masks
from support.fake_inpainter import COLOUR_BGR
from support.waiting import wait_until

from recorder.cleaning.cleaning import CleanOptions, clean_episode
from recorder.cleaning.clip import CleanError
from recorder.cleaning.executors import ProcessPool
from recorder.cleaning.job import run_clean
from recorder.cleaning.layers import Layer
from recorder.cleaning.methods import Methods, make_filler, make_masks
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.plugins.manifest import Window
from recorder.cleaning.plugins.subprocess_filler import window_starts
from recorder.cleaning.result import CleanedVideo
from recorder.dataset import Dataset
from recorder.progress import Cancelled

METHODS = Methods(rectangle_masks, make_filler)
PARAMS = CleanParameters(filler="plugin:fake", dilation_px=2, feather_px=0)


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return dataset_of_takes(tmp_path / "dataset")


def clean(dataset: Dataset, report=lambda progress: None):
    options = CleanOptions(methods=METHODS, pictures="png")
    return clean_episode(dataset, dataset.episode_path(0), PARAMS, report, options)


@pytest.mark.parametrize("how", ["paints", "video"])
def test_hidden_pixels_are_those_of_the_program(dataset, install_program, how):
    plugin = install_program(how)
    info = clean(dataset)
    with CleanedVideo(info.path) as video:
        for index in (0, 8, 14):
            hole = video.layers(index) == Layer.MODEL
            assert hole[video.mask(index)].all()
            assert (video.image(index)[hole] == COLOUR_BGR[::-1]).all()
    assert info.facts.plugins[0].id == plugin.id
    assert info.facts.plugins[0].licence == "Test-1.0"
    assert info.facts.plugins[0].sha256 == plugin.digest


def test_nothing_of_the_program_is_left(dataset, install_program):
    install_program()
    folder = clean(dataset).path.parent
    assert sorted(path.name for path in folder.iterdir()) == [
        ".front.rgb.lock",
        "front.rgb.h5",
        "front.rgb.jsonl",
    ]


def test_a_changed_plugin_cleans_again(dataset, install_program):
    install_program()
    assert clean(dataset).made_now
    assert not clean(dataset).made_now
    install_program(title="another")
    assert clean(dataset).made_now


def test_windows_with_overlap_make_every_picture(dataset, install_program):
    install_program(window={"frames": 6, "overlap": 2})
    info = clean(dataset)
    assert info.facts.figures["filler_windows"] == 4
    with CleanedVideo(info.path) as video:
        for index in range(video.count):
            hole = video.layers(index) == Layer.MODEL
            assert (video.image(index)[hole] == COLOUR_BGR[::-1]).all()


@pytest.mark.parametrize(
    ("count", "frames", "overlap"), [(1, 5, 2), (5, 5, 0), (6, 5, 0), (97, 20, 7)]
)
def test_windows_cover_everything_and_overlap_enough(count, frames, overlap):
    windows = window_starts(count, Window(frames=frames, overlap=overlap))
    assert windows[0][0] == 0
    assert windows[-1][1] == count
    for (_, stop), (start, _) in zip(windows, windows[1:], strict=False):
        assert start <= stop - overlap


@pytest.mark.parametrize(
    ("how", "limits", "says"),
    [
        ("fails", {}, "ended with code 3: model.pth was made for another version"),
        ("cuda", {}, "ran out of memory"),
        ("short", {}, "made 14 pictures of 15"),
        ("small", {}, "pictures of 80x60 instead of 160x120"),
        ("nothing", {}, "neither pictures nor a video"),
        ("hangs", {"timeout_s": 1.0}, "took longer than 1 s"),
        ("greedy", {"memory_gib": 0.4}, "held more than 0.4 GiB"),
    ],
)
def test_what_a_program_gets_wrong_is_one_sentence(dataset, install_program, how, limits, says):
    install_program(how, **limits)
    with pytest.raises(CleanError) as caught:
        clean(dataset)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    left = [path.name for path in (dataset.root / "cleaned").glob("*/*") if path.is_file()]
    assert left == [".front.rgb.lock"]


def test_a_program_that_is_not_there_is_named(dataset, install):
    command = ["no-such-program", "{frames}", "{masks}", "{out}"]
    install(task="fill", format="subprocess", command=command)
    with pytest.raises(CleanError, match="no-such-program"):
        clean(dataset)


def test_placeholders_never_reach_a_shell(dataset, install, tmp_path):
    bad = tmp_path / "owned"
    command = [
        sys.executable,
        "-c",
        "import sys; sys.exit(sys.argv[1])",
        f"$(touch {bad}); {{out}}",
    ]
    install(task="fill", format="subprocess", command=command)
    with pytest.raises(CleanError):
        clean(dataset)
    assert not bad.exists()


def test_cancel_ends_the_program(dataset, install_program):
    install_program("hangs")

    def programs() -> list[psutil.Process]:
        children = psutil.Process().children()
        return [one for one in children if "fake_inpainter.py" in " ".join(one.cmdline())]

    def cancel(progress) -> None:
        if programs():
            raise Cancelled

    with pytest.raises(Cancelled):
        clean(dataset, cancel)
    assert programs() == []


def alive(note: Path) -> list[int]:
    """Which processes of a program that noted itself and its child still run."""
    found = []
    for pid in note.read_text().split():
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE:
                found.append(int(pid))
    return found


def test_what_a_program_started_ends_with_it(dataset, install_program, tmp_path):
    note = tmp_path / "family"
    install_program("family", environment={"FAMILY": str(note)})

    def cancel(progress) -> None:
        if note.exists():
            assert len(alive(note)) == 2
            raise Cancelled

    with pytest.raises(Cancelled):
        clean(dataset, cancel)
    wait_until(lambda: alive(note) == [])


def test_a_program_ends_with_a_batch_that_is_killed(dataset, install_program, tmp_path):
    note = tmp_path / "family"
    install_program("family", environment={"FAMILY": str(note)})
    batch = multiprocessing.get_context("spawn").Process(target=clean, args=(dataset,))
    batch.start()
    wait_until(note.exists, timeout_s=60)
    program, child = (int(pid) for pid in note.read_text().split())
    batch.kill()
    batch.join()
    wait_until(lambda: program not in alive(note))
    with contextlib.suppress(psutil.NoSuchProcess):  # its own child is its own affair
        psutil.Process(child).kill()


def test_a_program_runs_in_the_environment_of_its_manifest(dataset, install, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    said = tmp_path / "said"
    code = (
        "import os, sys; from pathlib import Path\n"
        "said = [os.getcwd(), os.environ.get('PYTHONHASHSEED'), os.environ.get('MINE')]\n"
        "Path(sys.argv[1]).write_text(repr(said)); sys.exit(5)"
    )
    install(
        task="fill",
        format="subprocess",
        command=[sys.executable, "-c", code, str(said), "{out}"],
        run_in=str(tmp_path),
        environment={"MINE": "yes"},
    )
    with pytest.raises(CleanError, match="code 5"):
        clean(dataset)
    assert said.read_text() == repr([str(tmp_path), None, "yes"])


def test_neighbouring_windows_fade_into_each_other(dataset, install_program):
    """The program tints by the first picture of its window, so a jump would be seen."""
    install_program("tints", window={"frames": 10, "overlap": 5})
    info = clean(dataset)
    with CleanedVideo(info.path) as video:
        shade = [
            float(np.mean(video.image(at)[video.layers(at) == Layer.MODEL]))
            for at in range(video.count)
        ]
    steps = np.abs(np.diff(shade))
    assert np.ptp(shade) > 40
    assert steps.max() < 20


def test_a_batch_goes_on_after_a_program_that_fails(tmp_path, install_program):
    dataset = dataset_of_takes(tmp_path / "two", count=2, seconds=0.1)
    install_program("fails")
    plan = CleanPlan(dataset=dataset.root, parameters={"filler": "plugin:fake"})
    summary = run_clean(plan, methods=METHODS)
    assert [one.outcome for one in summary.outcomes] == ["failed", "failed"]
    assert "version" in summary.outcomes[1].error


def test_a_pool_uses_the_plugins_of_the_user(dataset, install_program):
    install_program()
    plan = CleanPlan(dataset=dataset.root, parameters={"filler": "plugin:fake"})
    summary = run_clean(plan, executor=ProcessPool(1), methods=METHODS)
    assert [one.outcome for one in summary.outcomes] == ["cleaned"]


def test_masks_come_from_a_program_too(dataset, install):
    command = [sys.executable, fake_inpainter.__file__, "mask", "{frames}", "{out}", "{prompts}"]
    install(task="mask", format="subprocess", command=command)
    options = CleanOptions(methods=Methods(make_masks, colour_filler))
    params = CleanParameters(masks="plugin:fake")
    info = clean_episode(dataset, dataset.episode_path(0), params, options=options)
    with CleanedVideo(info.path) as video:
        assert 300 < int(np.count_nonzero(video.mask(3))) < 1500
    assert info.facts.plugins[0].task == "mask"
