"""An ONNX model fills an episode; wrong files, layouts and answers are one sentence each."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from support.fake_cleaner import dataset_of_takes, rectangle_masks

from recorder.cleaning.cleaning import CleanOptions, clean_episode
from recorder.cleaning.clip import CleanError
from recorder.cleaning.layers import Layer
from recorder.cleaning.methods import Methods, make_filler
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.plugins.manifest import PictureSize
from recorder.cleaning.plugins.onnx_filler import OnnxModel
from recorder.cleaning.plugins.tiles import tiles_of
from recorder.cleaning.result import CleanedVideo

onnx = pytest.importorskip("onnx", reason="needs the packages onnx and onnxruntime")
pytest.importorskip("onnxruntime", reason="needs the package onnxruntime")

GREY = 0.25
METHODS = Methods(rectangle_masks, make_filler)


def model(layout: str, height=None, width=None, scale: float = 1.0, answer=(1, 3)) -> bytes:
    """A model that fills the hole with ``GREY`` and leaves the rest."""
    from onnx import TensorProto, helper

    nodes, inputs = [], []
    shape = [1, None, height, width]
    tensor = helper.make_tensor_value_info
    if layout == "joined":
        inputs = [tensor("input", TensorProto.FLOAT, [1, 4, height, width])]
        nodes.append(helper.make_node("Split", ["input", "parts"], ["image", "mask"], axis=1))
    else:
        inputs = [
            tensor("image", TensorProto.FLOAT, [1, 3, *shape[2:]]),
            tensor("mask", TensorProto.FLOAT, [1, 1, *shape[2:]]),
        ]
    nodes += [
        helper.make_node("Mul", ["mask", "grey"], ["filled"]),
        helper.make_node("Add", ["image", "filled"], ["whole"]),
        helper.make_node("Mul", ["whole", "scale"], ["output"]),
    ]
    constants = [
        helper.make_tensor("parts", TensorProto.INT64, [2], [3, 1]),
        helper.make_tensor("grey", TensorProto.FLOAT, [1], [GREY]),
        helper.make_tensor("scale", TensorProto.FLOAT, [1], [scale]),
    ]
    output = tensor("output", TensorProto.FLOAT, [*answer, height, width])
    graph = helper.make_graph(nodes, "fill", inputs, [output], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return made.SerializeToString()


@pytest.fixture
def dataset(tmp_path):
    return dataset_of_takes(tmp_path / "dataset")


def clean(dataset, **chosen):
    params = CleanParameters(filler="plugin:fake", feather_px=0, dilation_px=2, **chosen)
    options = CleanOptions(methods=METHODS, pictures="png")
    return clean_episode(dataset, dataset.episode_path(0), params, options=options)


@pytest.mark.parametrize(
    ("layout", "fixed", "size"),
    [
        ("joined", None, {"multiple": 32, "context_px": 8}),
        ("separate", (64, 64), {"fixed": [64, 64], "context_px": 16}),
        ("separate", (512, 512), {"fixed": [512, 512]}),
        ("separate", None, {"multiple": 8, "most_side": 64, "context_px": 24}),
    ],
)
def test_hidden_pixels_are_those_of_the_model(dataset, install_model, layout, fixed, size):
    stored = model(layout, *(fixed or (None, None)))
    install_model(stored, onnx={"inputs": layout}, size=size)
    info = clean(dataset)
    with CleanedVideo(info.path) as video:
        for index in (0, 9):
            hole = video.layers(index) == Layer.MODEL
            assert hole[video.mask(index)].all()
            assert (video.image(index)[hole] == round(255 * GREY)).all()
    assert any("flicker" in warning for warning in info.facts.warnings)


def test_the_same_model_gives_the_same_bytes(dataset, install_model, tmp_path):
    install_model(model("joined"), onnx={"inputs": "joined"}, size={"multiple": 32})
    first = clean(dataset).digest
    shutil.rmtree(dataset.root / "cleaned")
    assert clean(dataset).digest == first


@pytest.mark.parametrize(
    ("stored", "manifest", "says"),
    [
        (b"no model", {}, "cannot be loaded"),
        (model("joined"), {}, "its manifest says 'separate'"),
        (model("separate"), {"onnx": {"image_input": "picture"}}, "no input 'picture'"),
        (model("separate", 64, 64), {"size": {"multiple": 32}}, "fake' failed|answered"),
        (model("separate", scale=0.0), {}, "all black"),
        (model("separate", scale=99.0), {}, "all white"),
    ],
)
def test_what_does_not_fit_is_one_sentence(dataset, install_model, stored, manifest, says):
    install_model(stored, **manifest)
    with pytest.raises(CleanError, match=says) as caught:
        clean(dataset)
    assert "\n" not in str(caught.value)


def test_a_model_with_another_hash_is_never_loaded(dataset, install_model, monkeypatch):
    plugin = install_model(model("separate"))
    assert plugin.model is not None
    plugin.model.write_bytes(model("separate", scale=0.9))
    monkeypatch.setattr(OnnxModel, "__init__", lambda *a: pytest.fail("it was loaded"))
    with pytest.raises(CleanError, match="not the file its manifest names"):
        clean(dataset)


@pytest.mark.parametrize(
    "size", [PictureSize(fixed=(64, 48), context_px=10), PictureSize(multiple=32)]
)
def test_tiles_cover_the_hole_and_cut_what_they_say(size):
    hole = np.zeros((120, 160), np.bool_)
    hole[3:110, 100:159] = True
    picture = np.arange(120 * 160).reshape(120, 160).astype(np.int32)
    covered = np.zeros_like(hole)
    for tile in tiles_of(hole, size):
        part = tile.cut(picture)
        assert part.shape == (tile.height, tile.width)
        if size.fixed:
            assert part.shape == size.fixed[::-1]
        else:
            assert not part.shape[0] % 32
            assert not part.shape[1] % 32
        back = np.full_like(picture, -1)
        tile.put(part, back, hole)
        assert (back[back >= 0] == picture[back >= 0]).all()
        covered |= back >= 0
    assert (covered == hole).all()


def test_no_hole_needs_no_tile():
    assert tiles_of(np.zeros((20, 20), np.bool_), PictureSize()) == []
