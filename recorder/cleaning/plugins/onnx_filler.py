"""Filler that is an ONNX model for single pictures, e.g. LaMa, run by onnxruntime on the CPU."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, Clip, MaskTrack
from recorder.cleaning.holes import Holes
from recorder.cleaning.layered import feathered
from recorder.cleaning.layers import Filled, FillFacts, Layer
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.plugins.manifest import Plugin
from recorder.cleaning.plugins.tiles import tiles_of
from recorder.progress import Progress, Report, quiet

OWN_ERRORS = (
    "Fail",
    "InvalidArgument",
    "NoSuchFile",
    "NoModel",
    "EngineError",
    "RuntimeException",
    "InvalidProtobuf",
    "NotImplemented",
    "InvalidGraph",
    "EPFail",
)
NO_MEMORY = ("bad_alloc", "failed to allocate", "out of memory")


class OnnxModel:
    """A model that fills a picture.

    Parameters
    ----------
    plugin : Plugin
        Its file checked.

    Raises
    ------
    CleanError
        onnxruntime is missing, the file is no model, or its inputs are not as the manifest says.
    """

    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin
        self._layout = plugin.manifest.onnx
        self._session = self._open()
        self._image, self._mask = self._inputs()

    def _open(self) -> Any:
        try:
            onnxruntime = importlib.import_module("onnxruntime")  # an optional package
        except ImportError:
            raise CleanError(
                f"plug-in '{self._plugin.id}' needs onnxruntime; install it with: "
                "pip install 'thenar[onnx]'"
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # the same bytes anywhere
        options.log_severity_level = 4
        self._errors = _errors_of_onnxruntime()
        try:
            return onnxruntime.InferenceSession(
                str(self._plugin.model), options, providers=["CPUExecutionProvider"]
            )
        except self._errors as error:
            raise CleanError(
                f"model '{self._plugin.model}' cannot be loaded: {_first_line(error)}"
            ) from None

    def _inputs(self) -> tuple[str, str]:
        found = {one.name: list(one.shape) for one in self._session.get_inputs()}
        wanted = 1 if self._layout.inputs == "joined" else 2
        if len(found) != wanted:
            raise CleanError(
                f"plug-in '{self._plugin.id}': the model has inputs {', '.join(found)}, its "
                f"manifest says '{self._layout.inputs}' ({wanted})"
            )
        names = list(found)
        if wanted == 1:
            return self._named(self._layout.image_input or names[0], found), ""
        masks = [name for name, shape in found.items() if len(shape) == 4 and shape[1] == 1]
        mask = self._layout.mask_input or (masks[0] if masks else names[1])
        others = [name for name in names if name != mask]
        image = self._layout.image_input or (others[0] if others else names[0])
        return self._named(image, found), self._named(mask, found)

    def _named(self, name: str, found: dict[str, list]) -> str:
        if name not in found:
            raise CleanError(
                f"plug-in '{self._plugin.id}': the model has no input '{name}', only "
                f"{', '.join(found)}"
            )
        return name

    def fill(self, picture: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """What the model makes of an RGB picture ``(H, W, 3)`` whose ``hole`` is hidden.

        Raises
        ------
        CleanError
            It fails, or answers with something that is no picture of the same size.
        """
        image = _to_range(picture, self._layout.input_range)
        if self._layout.blank:
            image[hole] = 0.0
        tensor = np.ascontiguousarray(image.transpose(2, 0, 1))[None]
        mask = hole[None, None].astype(np.float32)
        if self._layout.inputs == "joined":
            feed = {self._image: np.concatenate([tensor, mask], axis=1)}
        else:
            feed = {self._image: tensor, self._mask: mask}
        answer = np.asarray(self._run(feed))
        if answer.shape != (1, 3, *picture.shape[:2]) or not np.isfinite(answer).all():
            raise CleanError(
                f"plug-in '{self._plugin.id}' answered with shape {answer.shape} to a picture of "
                f"{picture.shape[1]}x{picture.shape[0]}; mend size or layout in its manifest"
            )
        return _from_range(answer[0].transpose(1, 2, 0), self._layout.output_range)

    def _run(self, feed: dict[str, NDArray]) -> NDArray:
        try:
            return self._session.run(None, feed)[0]
        except self._errors as error:
            said = _first_line(error)
            if isinstance(error, MemoryError) or any(sign in said for sign in NO_MEMORY):
                said = "there was not enough memory; choose a smaller size in its manifest"
            raise CleanError(f"plug-in '{self._plugin.id}' failed: {said}") from None

    def self_test(self) -> None:
        """Let the model fill a small picture; raises ``CleanError`` when the answer is none."""
        fixed = self._plugin.manifest.size.fixed
        side = max(64, self._plugin.manifest.size.multiple)
        width, height = fixed or (side + -side % self._plugin.manifest.size.multiple,) * 2
        ramp = np.linspace(40, 220, width).astype(np.uint8)
        picture = np.repeat(np.repeat(ramp[None, :, None], height, 0), 3, 2)
        hole = np.zeros((height, width), np.bool_)
        hole[height // 3 : height // 2, width // 3 : width // 2] = True
        answer = self.fill(picture, hole)[hole].astype(np.float64)
        if answer.mean() < 2 or answer.mean() > 253:
            raise CleanError(
                f"plug-in '{self._plugin.id}' fills the test picture all "
                f"{'black' if answer.mean() < 2 else 'white'}; mend input_range or output_range "
                "in its manifest"
            )


class OnnxFiller:
    """Fills every picture by itself, in tiles round what is hidden.

    Parameters
    ----------
    plugin : Plugin
        Accepted, its file checked.
    clip : Clip
    masks : MaskTrack
    params : CleanParameters
    """

    def __init__(
        self, plugin: Plugin, clip: Clip, masks: MaskTrack, params: CleanParameters
    ) -> None:
        self._plugin, self._clip = plugin, clip
        self._holes = Holes(clip, masks, params)
        self._feather_px = min(params.feather_px, params.dilation_px)
        self._model = OnnxModel(plugin)

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Try the model on a small picture."""
        self._model.self_test()
        report(Progress(1, 1, f"plug-in {self._plugin.id}"))
        return FillFacts(
            (
                f"plug-in '{self._plugin.id}' fills every picture by itself, so what it makes up "
                "may flicker",
            )
        )

    def fill(self, index: int) -> Filled:
        """Clean one picture."""
        image, hole = self._clip.frame(index), self._holes(index)
        out = image.copy()
        left = hole.copy()
        for tile in tiles_of(hole, self._plugin.manifest.size):
            answer = self._model.fill(tile.cut(out), tile.cut(left.view(np.uint8)) > 0)
            tile.put(answer, out, left)
            top, bottom, first, last = tile.core
            left[top:bottom, first:last] = False
        masked = int(np.count_nonzero(hole))
        layers = np.where(hole, Layer.MODEL, Layer.RECORDED).astype(np.uint8)
        return Filled(feathered(image, out, hole, self._feather_px), layers, masked)


def _to_range(picture: NDArray[np.uint8], span: str) -> NDArray[np.float32]:
    values = picture.astype(np.float32)
    if span == "unit":
        return values / 255.0
    return values / 127.5 - 1.0 if span == "signed" else values


def _from_range(values: NDArray, span: str) -> NDArray[np.uint8]:
    if span == "unit":
        values = values * 255.0
    elif span == "signed":
        values = (values + 1.0) * 127.5
    return np.rint(np.clip(values, 0.0, 255.0)).astype(np.uint8)


def _errors_of_onnxruntime() -> tuple[type[BaseException], ...]:
    """Its own errors, which have no common base, and those of Python it raises."""
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    own = [getattr(state, name) for name in OWN_ERRORS if hasattr(state, name)]
    return (*own, RuntimeError, ValueError, OSError, TypeError, MemoryError)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
