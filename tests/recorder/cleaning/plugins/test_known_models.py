"""Every model of the guide, prepared and run against a program with its project's interface.

The programs in ``tests/support/fake_projects`` take the arguments, read and write the folders, and
refuse what the real scripts refuse; what they do to the pictures is simple.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support.fake_cleaner import colour_filler, dataset_of_takes, rectangle_masks
from support.repository import ROOT

from recorder.cleaning.cleaning import CleanOptions, clean_episode
from recorder.cleaning.clip import CleanError
from recorder.cleaning.drawn import save_drawn
from recorder.cleaning.layers import Layer
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.methods import Methods, make_filler, make_masks
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.place import ResultPlace
from recorder.cleaning.plugins.manifest import Plugin
from recorder.cleaning.plugins.shelf import accept, find_plugins, is_accepted
from recorder.cleaning.plugins.templates import TEMPLATES, prepare
from recorder.cleaning.result import CleanedVideo
from recorder.dataset import Dataset
from recorder.episode import Episode

PROJECTS = ROOT / "tests/support/fake_projects"
COLOUR_RGB = np.array((90, 200, 30))
LOSSY = 24  # shades a video of a project may be off
PROJECT_IDS = [one.id for one in TEMPLATES.values() if one.needs]
METHODS = Methods(rectangle_masks, make_filler)
FILLERS = [one for one in PROJECT_IDS if one != "sam2"]


@dataclass(frozen=True)
class Checkout:
    """A copy of a fake project and the Python of its environment."""

    folder: Path
    python: Path

    def prepare(self) -> Plugin:
        plugin = prepare(self.folder.name, self.folder, self.python)
        accept(plugin)
        return plugin


@pytest.fixture
def checkout(request, tmp_path) -> Checkout:
    name = request.param
    folder = tmp_path / "home of a user" / name
    shutil.copytree(PROJECTS / name, folder)
    python = folder / "python"
    python.write_text(
        f"#!/bin/sh\nPYTHONPATH='{folder / 'modules'}' exec '{sys.executable}' \"$@\"\n"
    )
    python.chmod(0o755)
    return Checkout(folder, python)


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return dataset_of_takes(tmp_path / "dataset", seconds=0.5, size=(276, 100))


def fill(dataset: Dataset, plugin: Plugin):
    params = CleanParameters(filler=f"plugin:{plugin.id}", dilation_px=2, feather_px=0)
    options = CleanOptions(methods=METHODS, pictures="png", again=True)
    return clean_episode(dataset, dataset.episode_path(0), params, options=options)


@pytest.mark.parametrize("checkout", FILLERS, indirect=True)
def test_a_prepared_model_fills_every_picture(dataset, checkout):
    if checkout.folder.name == "minimax-remover":
        pytest.importorskip("PIL", reason="needs the package pillow")
    plugin = checkout.prepare()
    info = fill(dataset, plugin)
    assert info.facts.plugins[0].licence == plugin.manifest.licence.name
    with CleanedVideo(info.path) as video, Episode(dataset.episode_path(0)) as episode:
        assert video.count == 15
        for index in range(video.count):
            hole = video.layers(index) == Layer.MODEL
            assert hole[video.mask(index)].all()
            made = video.image(index).astype(int)
            assert np.abs(np.median(made[hole], axis=0) - COLOUR_RGB).max() < LOSSY
            assert (made[~hole] == episode.stream("front/rgb").frame(index)[~hole]).all()


@pytest.mark.parametrize("checkout", ["propainter"], indirect=True)
def test_a_clip_of_one_picture_is_lengthened_for_a_model_of_videos(tmp_path, checkout):
    dataset = dataset_of_takes(tmp_path / "one", seconds=1.01 / 30)
    info = fill(dataset, checkout.prepare())
    assert info.facts.frames == 1


@pytest.mark.parametrize("checkout", ["diffueraser"], indirect=True)
def test_what_a_project_refuses_is_said_in_its_own_words(tmp_path, checkout):
    dataset = dataset_of_takes(tmp_path / "small", seconds=0.2)
    with pytest.raises(CleanError, match="diffueraser.*must be larger than 256x256"):
        fill(dataset, checkout.prepare())


def lama_bytes(template: str) -> bytes:
    """An ONNX model with the inputs, sizes and ranges of the export the template is for."""
    onnx = pytest.importorskip("onnx", reason="needs the packages onnx and onnxruntime")
    pytest.importorskip("onnxruntime", reason="needs the package onnxruntime")
    node, value, real = onnx.helper.make_node, onnx.helper.make_tensor_value_info, 1  # float
    constants = [
        onnx.helper.make_tensor("colour", real, [1, 3, 1, 1], list(COLOUR_RGB / 255)),
        onnx.helper.make_tensor("byte", real, [1], [255.0]),
        onnx.helper.make_tensor("one", real, [1], [1.0]),
    ]
    if template == "lama":
        inputs = [value("image", real, [1, 3, 512, 512]), value("mask", real, [1, 1, 512, 512])]
        nodes = [
            node("Sub", ["one", "mask"], ["kept"]),
            node("Mul", ["image", "kept"], ["blank"]),
            node("Mul", ["mask", "colour"], ["filled"]),
            node("Add", ["blank", "filled"], ["whole"]),
            node("Mul", ["whole", "byte"], ["output"]),
        ]
    else:
        inputs = [value("input", real, [1, 4, "height", "width"])]
        constants.append(onnx.helper.make_tensor("parts", onnx.TensorProto.INT64, [2], [3, 1]))
        nodes = [
            node("Split", ["input", "parts"], ["image", "mask"], axis=1),
            node("Mul", ["mask", "colour"], ["filled"]),
            node("Add", ["image", "filled"], ["output"]),
        ]
    output = [value("output", real, [1, 3, None, None])]
    graph = onnx.helper.make_graph(nodes, "lama", inputs, output, constants)
    opset = [onnx.helper.make_opsetid("", 17)]
    made = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
    return made.SerializeToString()


@pytest.mark.parametrize("template", ["lama", "lama-joined"])
def test_both_exports_of_lama_fill_every_picture(dataset, tmp_path, template):
    model = tmp_path / "model as it was fetched.onnx"
    model.write_bytes(lama_bytes(template))
    plugin = prepare(template, model=model)
    with pytest.raises(CleanError, match=f"Apache-2.0.*--accept {template}"):
        fill(dataset, plugin)
    accept(plugin)
    info = fill(dataset, plugin)
    with CleanedVideo(info.path) as video:
        for index in (0, 14):
            hole = video.layers(index) == Layer.MODEL
            assert hole[video.mask(index)].all()
            assert (np.abs(video.image(index)[hole] - COLOUR_RGB) <= 1).all()
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(CleanError, match="not the file its manifest names"):
        fill(dataset, plugin)


DRAWN = {
    "stroke": KeyFrame(index=6, foreground=(((28.0, 60.0), (30.0, 61.0)),)),
    "box": KeyFrame(index=6, box=(18.0, 50.0, 38.0, 70.0)),
    "outline": KeyFrame(index=6, polygon=((24.0, 56.0), (32.0, 56.0), (32.0, 64.0), (24.0, 64.0))),
}


def find(dataset: Dataset, *drawn: KeyFrame):
    with Episode(dataset.episode_path(0)) as episode:
        place = ResultPlace(dataset, str(episode.attributes["uuid"]), "front/rgb")
    place.folder.mkdir(parents=True, exist_ok=True)
    save_drawn(place, drawn)
    options = CleanOptions(methods=Methods(make_masks, colour_filler))
    params = CleanParameters(masks="plugin:sam2")
    return clean_episode(dataset, dataset.episode_path(0), params, options=options)


@pytest.mark.parametrize("checkout", ["sam2"], indirect=True)
@pytest.mark.parametrize("how", DRAWN)
def test_masks_follow_what_was_drawn_forwards_and_backwards(tmp_path, checkout, how):
    pytest.importorskip("PIL", reason="needs the package pillow")
    dataset = dataset_of_takes(tmp_path / "dataset", seconds=0.5)
    checkout.prepare()
    info = find(dataset, DRAWN[how])
    with CleanedVideo(info.path) as video:
        for index in (0, 5, 6, 14):  # the orange ball of the made-up take
            assert 300 < int(np.count_nonzero(video.mask(index))) < 1500
            assert video.mask(index)[60, 10 + 3 * index]


@pytest.mark.parametrize("checkout", ["sam2"], indirect=True)
def test_nothing_drawn_is_said_before_a_model_is_loaded(tmp_path, checkout):
    pytest.importorskip("PIL", reason="needs the package pillow")
    dataset = dataset_of_takes(tmp_path / "dataset", seconds=0.2)
    checkout.prepare()
    with pytest.raises(CleanError, match="draw the operator on one picture"):
        find(dataset)


@pytest.mark.parametrize("checkout", PROJECT_IDS, indirect=True)
def test_a_prepared_manifest_is_the_users_and_waits_to_be_accepted(checkout):
    plugin = prepare(checkout.folder.name, checkout.folder, checkout.python)
    assert [one.id for one in find_plugins().plugins] == [checkout.folder.name]
    assert not find_plugins().problems
    assert not is_accepted(plugin)
    assert plugin.licence_text()
    assert plugin.manifest.licence.link.startswith("https://github.com/")
    assert "<" not in plugin.path.read_text()
    with pytest.raises(CleanError, match="is there already"):
        prepare(checkout.folder.name, checkout.folder, checkout.python)


@pytest.mark.parametrize("checkout", PROJECT_IDS, indirect=True)
def test_a_folder_that_is_no_such_project_is_refused(checkout):
    needed = checkout.folder / TEMPLATES[checkout.folder.name].needs[-1]
    os.rename(needed, needed.with_name("elsewhere"))
    with pytest.raises(CleanError, match=f"has no '{TEMPLATES[checkout.folder.name].needs[-1]}'"):
        prepare(checkout.folder.name, checkout.folder, checkout.python)
    assert find_plugins().plugins == ()


@pytest.mark.parametrize("checkout", ["propainter"], indirect=True)
def test_what_is_missing_is_asked_for(checkout):
    with pytest.raises(CleanError, match="--checkout"):
        prepare("propainter")
    with pytest.raises(CleanError, match="--python"):
        prepare("propainter", checkout.folder)
    with pytest.raises(CleanError, match="--model"):
        prepare("lama")
    with pytest.raises(CleanError, match="choose one of lama, "):
        prepare("nobody-knows")


@pytest.mark.parametrize("checkout", ["propainter"], indirect=True)
def test_a_checkout_that_went_away_is_named(dataset, checkout):
    plugin = checkout.prepare()
    os.rename(checkout.folder, checkout.folder.with_name("moved"))
    with pytest.raises(CleanError, match="is not there; mend"):
        fill(dataset, plugin)


def test_the_guide_names_every_known_model_with_its_licence_and_link():
    guide = (ROOT / "docs/clean-plugins.md").read_text()
    for name in TEMPLATES:
        assert f"--prepare {name}" in guide
    for path in sorted((ROOT / "resources/plugins").glob("*/*.plugin.yaml")):
        link = next(line for line in path.read_text().splitlines() if "link:" in line)
        assert link.partition("link: ")[2].strip() in guide
