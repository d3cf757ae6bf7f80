"""Simple fillers to compare with, and how results are scored."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip, MaskTrack
from recorder.cleaning.flow_layer import FlowLayer
from recorder.cleaning.holes import Holes
from recorder.cleaning.layered import LayeredFiller
from recorder.cleaning.layers import Filled, Filler, FillFacts, Layer
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.plate import Plate
from recorder.cleaning.quality import ErrorPool, FlickerMeter, ssim_inside
from recorder.cleaning.views import Views
from recorder.progress import ProgressMeter, Report, quiet

RADIUS_PX = 5
WORST_SHOWN = 5
Picture = Callable[[int], NDArray[np.uint8]]
Mask = Callable[[int], NDArray[np.bool_]]
Parts = tuple[NDArray[np.bool_], NDArray[np.bool_]] | None  # robot, moved objects


class ClassicalFiller:
    """One picture at a time, from its surroundings: ``cv2.inpaint``."""

    def __init__(self, clip: Clip, masks: MaskTrack, params: CleanParameters, method: int) -> None:
        self._clip, self._method = clip, method
        self._holes = Holes(clip, masks, params)

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Nothing to prepare."""
        return FillFacts()

    def fill(self, index: int) -> Filled:
        """Fill one picture."""
        hole = self._holes(index)
        image = np.ascontiguousarray(self._clip.frame(index))
        out = cv2.inpaint(image, hole.view(np.uint8), RADIUS_PX, self._method)
        filled = np.asarray(out, np.uint8)
        return Filled(filled, hole * np.uint8(Layer.RESIDUE), int(np.count_nonzero(hole)))


class PlateOnly:
    """The plate with gain, for every hidden pixel."""

    def __init__(self, clip: Clip, masks: MaskTrack, params: CleanParameters) -> None:
        self._clip, self._params = clip, params
        self._holes = Holes(clip, masks, params)
        self._plate: Plate | None = None

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Make the plate."""
        meter = ProgressMeter(5.0, report)
        frames = self._params.plate_frames
        self._plate = Plate(self._clip, self._holes, self._holes, frames, meter)
        return FillFacts()

    def fill(self, index: int) -> Filled:
        """Fill one picture."""
        assert self._plate is not None
        hole = self._holes(index)
        image, _ = self._plate.fill(index, self._clip.frame(index), hole)
        return Filled(image, hole * np.uint8(Layer.PLATE), int(np.count_nonzero(hole)))


class FlowOnly:
    """Flow for every hidden pixel it reaches, Telea for the rest."""

    def __init__(self, clip: Clip, masks: MaskTrack, params: CleanParameters) -> None:
        self._clip = clip
        self._holes = Holes(clip, masks, params)
        self._flow = FlowLayer(Views(clip, self._holes, None, params.flow_reach), clip.count)

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Nothing to prepare."""
        return FillFacts()

    def fill(self, index: int) -> Filled:
        """Fill one picture."""
        hole = self._holes(index)
        out: NDArray[Any] = self._clip.frame(index).copy()
        carried = self._flow.carry(index, hole)
        left = hole.copy()
        left[carried.part] &= ~carried.found
        colour = np.clip(np.rint(carried.colour), 0, 255).astype(np.uint8)
        np.copyto(out[carried.part], colour, where=carried.found[..., None])
        out = cv2.inpaint(out, left.view(np.uint8), RADIUS_PX, cv2.INPAINT_TELEA)
        filled = np.asarray(out, np.uint8)
        return Filled(filled, hole * np.uint8(Layer.FLOW), int(np.count_nonzero(hole)))


def make_filler(name: str, clip: Clip, masks: MaskTrack, params: CleanParameters) -> Filler:
    """Filler by the name it has in the tables."""
    if name == "telea":
        return ClassicalFiller(clip, masks, params, cv2.INPAINT_TELEA)
    if name == "navier_stokes":
        return ClassicalFiller(clip, masks, params, cv2.INPAINT_NS)
    if name == "plate":
        return PlateOnly(clip, masks, params)
    if name == "flow":
        return FlowOnly(clip, masks, params)
    return LayeredFiller(clip, masks, params)


@dataclass
class Score:
    """What one filler reached over pictures with known truth."""

    whole: ErrorPool = field(default_factory=ErrorPool)
    table: ErrorPool = field(default_factory=ErrorPool)
    robot: ErrorPool = field(default_factory=ErrorPool)
    moved: ErrorPool = field(default_factory=ErrorPool)
    flicker: FlickerMeter = field(default_factory=FlickerMeter)
    ssim: list[float] = field(default_factory=list)
    pictures: list[tuple[float, str]] = field(default_factory=list)
    shown: list[tuple[float, str, NDArray[np.uint8]]] = field(default_factory=list)
    layers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(Layer), np.int64))
    spent_s: float = 0.0
    filled: int = 0

    def run(
        self,
        filler: Filler,
        indices: Iterable[int],
        truth: Picture,
        scored: Mask,
        parts: Callable[[int], Parts] | None = None,
        name: str = "",
        seen: Picture | None = None,
    ) -> None:
        """Fill pictures in order and compare them with the truth where ``scored``.

        With ``seen`` the worst ones are kept beside what was recorded and the truth.
        """
        last = -2
        for index in indices:
            mask = scored(index)
            if index != last + 1:
                self.flicker.skip()
            last = index
            if not mask.any():
                self.flicker.skip()
                continue
            began_s = time.perf_counter()
            result = filler.fill(index)
            self.spent_s += time.perf_counter() - began_s
            self.filled += 1
            self._compare(result, truth(index), mask, parts(index) if parts else None)
            pool = ErrorPool()
            pool.add(result.image, truth(index), mask)
            label = f"{name} {index}".strip()
            self.pictures.append((pool.psnr_db, label))
            if seen is not None:
                three = np.hstack([seen(index), result.image, truth(index)])
                self.shown.append((pool.psnr_db, label, three))
                self.shown.sort(key=lambda one: one[0])
                del self.shown[WORST_SHOWN:]

    def _compare(
        self,
        result: Filled,
        truth: NDArray[np.uint8],
        mask: NDArray[np.bool_],
        parts: Parts,
    ) -> None:
        self.whole.add(result.image, truth, mask)
        if parts is not None:
            robot, moved = parts
            self.robot.add(result.image, truth, mask & robot)
            self.moved.add(result.image, truth, mask & moved)
            self.table.add(result.image, truth, mask & ~robot & ~moved)
        self.flicker.add(result.image, truth, mask)
        self.ssim.append(ssim_inside(result.image, truth, mask))
        self.layers += np.bincount(result.layers[mask], minlength=len(Layer))

    def figures(self) -> dict[str, Any]:
        """The figures by name; what was not measured is left out."""
        found: dict[str, Any] = {
            "psnr_db": self.whole.psnr_db,
            "table_psnr_db": self.table.psnr_db if self.table.values else None,
            "robot_psnr_db": self.robot.psnr_db if self.robot.values else None,
            "moved_objects_psnr_db": self.moved.psnr_db if self.moved.values else None,
            "ssim": float(np.mean(self.ssim)) if self.ssim else None,
            "flicker": self.flicker.flicker,
            "ms_per_frame": 1e3 * self.spent_s / self.filled if self.filled else None,
            "layers": {
                layer.name.lower(): round(float(self.layers[layer] / max(1, self.layers.sum())), 4)
                for layer in Layer
                if self.layers[layer]
            },
        }
        return {key: rounded(value) for key, value in found.items() if value is not None}

    def worst(self, count: int = 5) -> list[str]:
        """The worst pictures: what and how many dB."""
        return [f"{name}: {psnr_db:.1f} dB" for psnr_db, name in sorted(self.pictures)[:count]]


def rounded(value: Any) -> Any:
    """A number with three decimals, None for one that is none; everything else as it is."""
    if not isinstance(value, float):
        return value
    return round(value, 3) if math.isfinite(value) else None
