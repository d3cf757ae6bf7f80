"""The ``clean`` figure: operator removal against truth, simple methods and the clock.

Rendered kinesthetic takes with truth (recorded once, see ``benchmarks.clean_truth``), masks found
automatically, a wrist camera, a real clip, speed and memory. PSNR, SSIM and flicker are those of
``recorder.cleaning.quality``, inside the operator's true mask. The camera of the rendered takes is
given to the fillers with 2 pixels of calibration error.
"""

from __future__ import annotations

import dataclasses
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clean_baselines import Parts, Score, make_filler, rounded
from benchmarks.clean_length import peak_of_child_mb
from benchmarks.clean_real import (
    FOLDER,
    MISSING,
    MaskArray,
    RealClip,
    measure_authors,
    measure_moved,
    pairs,
)
from benchmarks.clean_truth import TruthClip, TruthTake, truth_takes
from benchmarks.machine import parser, report
from recorder.cleaning.holes import dilated
from recorder.cleaning.masks.automatic import automatic_masks
from recorder.cleaning.object_layer import PosedClip, SceneSilhouette
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.quality import iou, recall
from recorder.cleaning.silhouette import RobotSilhouette

TARGETS = {
    "takes.layers.table_psnr_db": ">= 38",
    "takes.layers.robot_psnr_db": ">= 24",
    "takes.layers.ssim": ">= 0.93",
    "takes.layers.flicker": "<= 3",
    "takes.above_classical_db": ">= 10",
    "masks.recall_after_dilation": ">= 0.98",
    "masks.iou": ">= 0.85",
    "wrist.above_telea_db": ">= 3",
    "speed.ms_per_frame": "<= 60",
    "speed.most_memory_mb": "<= 1536",
}
CALIBRATION_ERROR_PX = 2.0
DIRECTIONS = 8  # the error points another way in every take
SETS = ("takes", "masks", "wrist", "moved", "authors", "speed")
SPEED_FRAMES = 40
LENGTHS = (1, 5)  # times the recorded clip


def measure_takes(
    params: CleanParameters, takes: int, stride: int, worst: Path | None = None
) -> dict[str, Any]:
    """Rendered takes with true masks: the layered filler beside Telea and Navier-Stokes."""
    scores = {name: Score() for name in ("layers", "telea", "navier_stokes")}
    warnings: set[str] = set()
    for number, take in enumerate(truth_takes("front", takes)):
        clip = take.open()
        parts = rendered_parts(clip)
        wrongly_calibrated(clip, number)
        for name, score in scores.items():
            filler = make_filler(name, clip, clip, params)
            warnings |= set(filler.prepare().warnings)
            label = f"{take.path.parent.parent.name} {take.path.stem}"
            seen = clip.frame if worst is not None and name == "layers" else None
            at = pairs(clip.count, stride)
            score.run(filler, at, clip.truth, clip.mask, parts, label, seen)
        clip.close()
    if worst is not None:
        show_worst(scores["layers"], worst)
    found: dict[str, Any] = {name: score.figures() for name, score in scores.items()}
    best = max(found[name]["psnr_db"] for name in ("telea", "navier_stokes"))
    found["above_classical_db"] = rounded(found["layers"]["psnr_db"] - best)
    found |= {"takes": takes, "worst": scores["layers"].worst(), "warnings": sorted(warnings)}
    return found


def show_worst(score: Score, folder: Path) -> None:
    """Write the worst pictures, each recorded, filled and true, as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (_, _, three) in enumerate(score.shown, 1):
        half = cv2.resize(three, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        path = folder / f"clean-worst-{number}.png"
        cv2.imwrite(str(path), cv2.cvtColor(half, cv2.COLOR_RGB2BGR))


def measure_masks(params: CleanParameters, takes: int) -> dict[str, Any]:
    """Automatic masks of the rendered takes against the truth, without a scribble."""
    recalls, overlaps = [], []
    for number, take in enumerate(truth_takes("front", takes)):
        clip = take.open()
        wrongly_calibrated(clip, number)
        found = automatic_masks(clip, params, silhouettes(clip))
        for index in range(clip.count):
            truth = clip.mask(index)
            if truth.any():
                mask = found.mask(index)
                recalls.append(recall(dilated(mask, params.dilation_px), truth))
                overlaps.append(iou(mask, truth))
        clip.close()
    return {
        "recall_after_dilation": rounded(float(np.mean(recalls))),
        "iou": rounded(float(np.mean(overlaps))),
        "worst_recall": rounded(float(np.min(recalls))),
        "scribbles": 0,
    }


def measure_wrist(params: CleanParameters, takes: int, stride: int) -> dict[str, Any]:
    """A camera on the wrist, rendered with truth, beside Telea."""
    scores = {name: Score() for name in ("layers", "telea")}
    for number, take in enumerate(truth_takes("wrist", takes)):
        clip = take.open()
        wrongly_calibrated(clip, number)
        for name, score in scores.items():
            filler = make_filler(name, clip, clip, params)
            filler.prepare()
            score.run(filler, pairs(clip.count, stride), clip.truth, clip.mask)
        clip.close()
    found: dict[str, Any] = {name: score.figures() for name, score in scores.items()}
    found["above_telea_db"] = rounded(found["layers"]["psnr_db"] - found["telea"]["psnr_db"])
    return found


def measure_speed(params: CleanParameters, takes: list[TruthTake]) -> dict[str, Any]:
    """Pictures in order, as a batch does them: a calibrated take, and the real clip for length."""
    found: dict[str, Any] = {}
    clip = takes[0].open(drift=0.0, noise_sigma=0.0)  # making noise takes longer than filling
    masked = [index for index in range(clip.count) if clip.mask(index).any()][:SPEED_FRAMES]
    began_s, cpu_s = time.perf_counter(), time.process_time()
    masks = automatic_masks(clip, params, silhouettes(clip))
    found["masks_ms_per_frame"] = rounded(1e3 * (time.perf_counter() - began_s) / clip.count)
    found["masks_cpu_ms_per_frame"] = rounded(1e3 * (time.process_time() - cpu_s) / clip.count)
    found |= _clocked(make_filler("layers", clip, masks, params), masked)
    clip.close()
    if FOLDER.is_dir():
        real = RealClip()
        filler = make_filler("layers", real.video, MaskArray(real.masks), params)
        clocked = _clocked(filler, list(range(SPEED_FRAMES)))
        found |= {f"real_{key}": value for key, value in clocked.items()}
        for times in LENGTHS:
            found[f"length_x{times}_memory_mb"] = rounded(peak_of_child_mb(times))
    else:
        found["length"] = MISSING
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found["most_memory_mb"] = rounded(peak_kb / 1024)
    return found


def _clocked(filler: Any, indices: list[int]) -> dict[str, Any]:
    began_s, prepare_cpu_s = time.perf_counter(), time.process_time()
    filler.prepare()
    prepared_s = time.perf_counter() - began_s
    prepare_cpu_s = time.process_time() - prepare_cpu_s
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for index in indices:
        filler.fill(index)
    count = max(1, len(indices))
    return {
        "prepare_s": rounded(prepared_s),
        "prepare_cpu_s": rounded(prepare_cpu_s),
        "ms_per_frame": rounded(1e3 * (time.perf_counter() - wall_s) / count),
        "cpu_ms_per_frame": rounded(1e3 * (time.process_time() - cpu_s) / count),
        "peak_memory_mb": rounded(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def wrongly_calibrated(clip: TruthClip, number: int) -> None:
    """Move the camera's centre by ``CALIBRATION_ERROR_PX``, another way for every take."""
    if clip.geometry is None:
        return
    angle = 2 * np.pi * number / DIRECTIONS
    matrix = clip.geometry.matrix.copy()
    matrix[:2, 2] += CALIBRATION_ERROR_PX * np.array((np.cos(angle), np.sin(angle)))
    clip.geometry = dataclasses.replace(clip.geometry, matrix=matrix)


def silhouettes(clip: TruthClip) -> Callable[[int], NDArray[np.bool_]]:
    """The robot's outline by picture, by the clip's calibration as it is now."""
    if clip.geometry is None:
        return lambda _index: np.zeros((clip.size[1], clip.size[0]), np.bool_)
    drawn = RobotSilhouette(clip.rig, clip.geometry, clip.size)
    return lambda index: drawn.mask({side: one[index] for side, one in clip.joints.items()})


def rendered_parts(clip: TruthClip) -> Callable[[int], Parts]:
    """Pixels of robot and of moved objects as they are seen without the operator."""
    if clip.geometry is None or clip.objects is None:
        return lambda _index: None
    drawn = SceneSilhouette(clip.rig, clip.geometry, clip.size)
    posed = PosedClip(clip, clip.objects)
    kind = np.zeros(len(drawn.shapes) + 1, np.uint8)  # the last one: nothing
    kind[: drawn.robot_shapes] = 1
    for row, shape in enumerate(drawn.shapes[drawn.robot_shapes :], drawn.robot_shapes):
        kind[row] = 2 * posed.moved[shape.link - drawn.first_object]

    def parts(index: int) -> Parts:
        seen = np.zeros((clip.size[1], clip.size[0]), np.uint8)
        surface = drawn.surface({name: rows[index] for name, rows in posed.joints.items()})
        if surface is not None:
            height, width = surface.shape.shape
            rows = slice(surface.top, surface.top + height)
            seen[rows, surface.left : surface.left + width] = kind[surface.shape]
        return seen == 1, seen == 2

    return parts


def flat(figures: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested figures with their path as name."""
    found: dict[str, Any] = {}
    for key, value in figures.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 5.0)
    options.add_argument("--takes", type=int, default=12, help="rendered takes with truth")
    options.add_argument("--wrist-takes", type=int, default=3, help="of the wrist camera")
    options.add_argument("--stride", type=int, default=6, help="two of so many pictures are filled")
    options.add_argument("--worst", type=Path, help="folder for pictures of the worst five frames")
    options.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    chosen = options.parse_args()
    began_s = time.perf_counter()
    cv2.setNumThreads(2)
    params = CleanParameters()
    figures: dict[str, Any] = {}
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "speed": lambda: measure_speed(params, truth_takes("front", 1)),
        "takes": lambda: measure_takes(params, chosen.takes, chosen.stride, chosen.worst),
        "masks": lambda: measure_masks(params, chosen.takes),
        "wrist": lambda: measure_wrist(params, chosen.wrist_takes, chosen.stride),
        "moved": lambda: measure_moved(params, 2 * chosen.stride),
        "authors": lambda: measure_authors(params, 2 * chosen.stride),
    }
    for name, make in makers.items():
        if name in chosen.sets:
            figures[name] = make()
    figures["total_s"] = rounded(time.perf_counter() - began_s)
    report("clean", flat(figures), TARGETS, chosen.json)


if __name__ == "__main__":
    main()
