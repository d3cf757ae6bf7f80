"""The real clip: known truth where nothing was masked, and the authors' own masks and result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.clean_baselines import Score, make_filler, rounded
from recorder.cleaning.clip import CameraGeometry, Clip, Mode
from recorder.cleaning.clips import VideoClip
from recorder.cleaning.holes import dilated
from recorder.cleaning.layers import Filler
from recorder.cleaning.masks.colour_model import ColourCounts, ColourModel, colour_bins
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.quality import psnr_inside, ssim_inside

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT.parent / "shared" / "data" / "operator_removal"
MISSING = "the recorded clip is not on this machine, so nothing was measured on real pictures"
MARGIN_PX = 5  # round the operator, which is not truth
MOVES = {
    "mirrored": {"mirror": True},
    "later": {"later": 90},
    "beside": {"right": -150},
    "later_beside": {"later": 60, "right": -90},
}
METHODS = ("layers", "plate", "flow", "telea", "navier_stokes")
OPERATOR_EVIDENCE = 3.0  # log ratio: twenty times as usual on the operator as elsewhere
OPERATOR_SHARE = 0.01  # of the mask; more looks like operator: it is still visible


class RealClip:
    """The recorded clip and its masks."""

    def __init__(self) -> None:
        self.video = VideoClip(FOLDER / "raw-1.mp4")
        self.result = VideoClip(FOLDER / "inpainted-1.mp4")
        with VideoClip(FOLDER / "mask-1.mp4") as masks:
            found = [masks.frame(index)[..., 0] > 127 for index in range(masks.count)]
        self.masks: NDArray[np.bool_] = np.stack(found)
        self.count = self.video.count


class MaskArray:
    """Masks in memory, several times over."""

    def __init__(self, masks: NDArray[np.bool_], times: int = 1) -> None:
        self._masks = masks
        self.count = len(masks) * times

    def mask(self, index: int) -> NDArray[np.bool_]:
        """Mask of picture ``index``."""
        return self._masks[index % len(self._masks)]

    def confidence(self, index: int) -> float:
        """Given masks are sure."""
        return 1.0


class RepeatedClip:
    """A clip several times over, to see what length costs."""

    def __init__(self, clip: Clip, times: int) -> None:
        self._clip = clip
        self.name, self.size = clip.name, clip.size
        self.count = clip.count * times
        self.mode: Mode = clip.mode
        self.time_ns = np.arange(self.count, dtype=np.int64) * 33_333_333
        self.geometry: CameraGeometry | None = None
        self.joints: Mapping[str, NDArray[np.float64]] = {}

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Picture ``index``, counted through the repetitions."""
        return self._clip.frame(index % self._clip.count)


def moved_masks(
    masks: NDArray[np.bool_], mirror: bool = False, later: int = 0, right: int = 0
) -> NDArray[np.bool_]:
    """Masks put where something else is: mirrored, some pictures later, or aside."""
    moved = masks[:, :, ::-1] if mirror else masks
    moved = np.roll(moved, later, axis=0)
    if right:
        moved = np.roll(moved, right, axis=2)
        edge = slice(right, None) if right < 0 else slice(None, right)
        moved[:, :, edge] = False
    return np.ascontiguousarray(moved)


def measure_moved(params: CleanParameters, stride: int) -> dict[str, Any]:
    """Every method on holes whose truth is known; the operator's own pixels are holes, too."""
    if not FOLDER.is_dir():
        return {"missing": MISSING}
    real = RealClip()
    outside = [~dilated(mask, MARGIN_PX) for mask in real.masks]
    found: dict[str, Any] = {}
    pooled = {method: Score() for method in METHODS}
    for name, move in MOVES.items():
        moved = moved_masks(real.masks, **move)  # type: ignore[arg-type]
        holes = MaskArray(moved | real.masks)
        for method in METHODS:
            filler = make_filler(method, real.video, holes, params)
            filler.prepare()
            score = Score()
            score.run(
                filler,
                pairs(real.count, stride),
                real.video.frame,
                lambda at, moved=moved: moved[at] & outside[at],
                name=name,
            )
            found[f"{name}/{method}"] = score.figures()
            merge(pooled[method], score)
    found |= {f"all/{method}": score.figures() for method, score in pooled.items()}
    found["worst"] = pooled["layers"].worst()
    return found


def merge(into: Score, score: Score) -> None:
    """Add the errors of one score to another; flicker is not pooled."""
    for one, other in ((into.whole, score.whole), (into.table, score.table)):
        one.squared += other.squared
        one.values += other.values
    into.ssim += score.ssim
    into.pictures += score.pictures
    into.layers += score.layers
    into.spent_s += score.spent_s
    into.filled += score.filled


def measure_authors(params: CleanParameters, stride: int) -> dict[str, Any]:
    """With the authors' masks: agreement with their result, steadiness, operator still seen."""
    if not FOLDER.is_dir():
        return {"missing": MISSING}
    real = RealClip()
    model = operator_colours(real)
    found: dict[str, Any] = {}
    for method in METHODS:
        filler = make_filler(method, real.video, MaskArray(real.masks), params)
        facts = filler.prepare()
        score, seen = Score(), []
        for index in range(0, real.count - 1, stride):
            for at in (index, index + 1):
                result = filler.fill(at)
                mask, other = real.masks[at], real.result.frame(at)
                if at == index:
                    score.flicker.skip()
                    score.whole.add(result.image, other, mask)
                    if mask.any():
                        score.ssim.append(ssim_inside(result.image, other, mask))
                    score.pictures.append((psnr_inside(result.image, other, mask), str(at)))
                    if operator_share(result.image, mask, model) > OPERATOR_SHARE:
                        seen.append(at)
                score.flicker.add(result.image, np.zeros_like(other), mask)
        found[method] = {
            "agreement_psnr_db": rounded(score.whole.psnr_db),
            "agreement_ssim": rounded(float(np.mean(score.ssim))) if score.ssim else None,
            "temporal_change": rounded(score.flicker.flicker),
            "frames_with_operator": len(seen),
            "frames": len(range(0, real.count - 1, stride)),
        }
        if method == "layers":
            found["all_frames"] = operator_everywhere(filler, real, model)
            found[method] |= {"operator_at": seen[:20], "warnings": list(facts.warnings)}
            found["worst"] = score.worst()
    found["authors"] = _authors(real, model, stride)
    return found


def operator_everywhere(filler: Filler, real: RealClip, model: ColourModel) -> dict[str, Any]:
    """Every picture of the clip: where the operator may still be seen, not counting scenery.

    What has a colour of the operator in the authors' own result, too, is a thing of that colour.
    """
    suspects = []
    for index in range(real.count):
        mask = real.masks[index]
        if not mask.any():
            continue
        theirs = dilated(operator_pixels(real.result.frame(index), mask, model), MARGIN_PX)
        found = operator_pixels(filler.fill(index).image, mask, model) & ~theirs
        share = float(found[mask].mean())
        if share > OPERATOR_SHARE:
            suspects.append((index, rounded(share)))
    return {"pictures": real.count, "suspects": len(suspects), "suspected": suspects}


def operator_pixels(
    picture: NDArray[np.uint8], mask: NDArray[np.bool_], model: ColourModel
) -> NDArray[np.bool_]:
    """Pixels of the mask that have a colour of the operator and of hardly anything else."""
    return (model.evidence(colour_bins(picture)) > OPERATOR_EVIDENCE) & mask


def _authors(real: RealClip, model: ColourModel, stride: int) -> dict[str, Any]:
    """The authors' result by the same measures."""
    score, seen = Score(), 0
    for index in range(0, real.count - 1, stride):
        score.flicker.skip()
        for at in (index, index + 1):
            picture = real.result.frame(at)
            score.flicker.add(picture, np.zeros_like(picture), real.masks[at])
        seen += operator_share(real.result.frame(index), real.masks[index], model) > OPERATOR_SHARE
    return {"temporal_change": rounded(score.flicker.flicker), "frames_with_operator": int(seen)}


def operator_colours(real: RealClip) -> ColourModel:
    """Colours of the operator against all others, from every tenth picture."""
    operator, others = ColourCounts(), ColourCounts()
    for index in range(0, real.count, 10):
        bins = colour_bins(real.video.frame(index))
        mask = real.masks[index]
        operator.add(bins[mask])
        others.add(bins[~dilated(mask, MARGIN_PX)])
    return ColourModel(operator, others)


def operator_share(
    picture: NDArray[np.uint8], mask: NDArray[np.bool_], model: ColourModel
) -> float:
    """Share of the mask that has a colour of the operator and of hardly anything else."""
    if not mask.any():
        return 0.0
    return float((model.evidence(colour_bins(picture)[mask]) > OPERATOR_EVIDENCE).mean())


def pairs(count: int, stride: int) -> list[int]:
    """Two neighbouring pictures every ``stride`` pictures: errors and how they change."""
    return [at for first in range(0, count - 1, stride) for at in (first, first + 1)]
