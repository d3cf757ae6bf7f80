"""Filler that is the user's own program: ProPainter, E2FGVI, DiffuEraser, MiniMax-Remover, ...

The program gets windows of pictures and masks in folders, which overlap; where two windows made
the same picture, one fades into the other. Only hidden pixels are taken from what it made.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, Clip, MaskTrack
from recorder.cleaning.holes import Holes
from recorder.cleaning.layered import feathered
from recorder.cleaning.layers import Filled, FillFacts, Layer
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.plugins.folders import (
    MadePictures,
    fresh_folder,
    padded,
    write_mask,
    write_picture,
    write_video,
)
from recorder.cleaning.plugins.manifest import Plugin, Window
from recorder.cleaning.plugins.program import run_program
from recorder.progress import Progress, Report, quiet


class SubprocessFiller:
    """Fills with a program.

    Parameters
    ----------
    plugin : Plugin
        Accepted, its file checked.
    clip : Clip
    masks : MaskTrack
    params : CleanParameters
    scratch : Path
        Folder of its own; emptied at the start and removed by ``close``.
    """

    def __init__(
        self, plugin: Plugin, clip: Clip, masks: MaskTrack, params: CleanParameters, scratch: Path
    ) -> None:
        self._plugin, self._clip = plugin, clip
        self._holes = Holes(clip, masks, params)
        self._feather_px = min(params.feather_px, params.dilation_px)
        self._scratch = scratch
        self._made = scratch / "made"

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Run the program over all windows; may raise ``Cancelled`` or ``CleanError``."""
        fresh_folder(self._scratch)
        self._made.mkdir()
        windows = window_starts(self._clip.count, self._plugin.manifest.window)
        for number, (start, stop) in enumerate(windows):
            done = number / len(windows)

            def on(progress: Progress, done: float = done) -> None:
                report(Progress(done, 1.0, progress.what))

            until = windows[number - 1][1] if number else start
            self._run(start, stop, until, on)
        report(Progress(1.0, 1.0, f"plug-in {self._plugin.id}"))
        return FillFacts((), {"windows": float(len(windows))})

    def fill(self, index: int) -> Filled:
        """Take the hidden pixels of what the program made."""
        image, hole = self._clip.frame(index), self._holes(index)
        layers = np.where(hole, Layer.MODEL, Layer.RECORDED).astype(np.uint8)
        masked = int(np.count_nonzero(hole))
        out = image.copy()
        if masked:
            np.copyto(out, self._stored(index), where=hole[..., None])
            out = feathered(image, out, hole, self._feather_px)
        return Filled(out, layers, masked)

    def close(self) -> None:
        """Remove everything the program left."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _run(self, start: int, stop: int, overlap_until: int, report: Report) -> None:
        manifest = self._plugin.manifest
        frames, masks, out = (
            fresh_folder(self._scratch / name) for name in ("frames", "masks", "out")
        )
        width, height = self._clip.size
        shown = lengthened(start, stop, manifest.window.least)
        for at, index in enumerate(shown):
            picture, hole = self._given(index)
            write_picture(frames, at, picture, manifest.frames_as)
            write_mask(masks, at, hole)
            height, width = picture.shape[:2]
            report(Progress(0, 1, "writing pictures"))
        rate_hz = max(1, round(rate_of(self._clip)))
        values = {
            "frames": str(frames),
            "masks": str(masks),
            "out": str(out),
            "width": str(width),
            "height": str(height),
            "count": str(len(shown)),
            "fps": f"{rate_of(self._clip):g}",
            "seconds": str(math.ceil(len(shown) / rate_hz)),
            **self._videos(shown, (width, height), rate_hz),
        }
        run_program(self._plugin, values, self._scratch, report)
        made = MadePictures(self._plugin, out, len(shown), (width, height))
        try:
            for index in range(start, stop):
                self._keep(index, made.picture(index - start), start, overlap_until)
        finally:
            made.close()

    def _given(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Picture and mask as the program gets them."""
        multiple = self._plugin.manifest.size.multiple
        hole = padded(self._holes(index).view(np.uint8), multiple)
        return padded(self._clip.frame(index), multiple), hole.astype(np.bool_)

    def _videos(self, shown: Sequence[int], size: tuple[int, int], rate_hz: int) -> dict[str, str]:
        """Videos of pictures and masks, for a command that names them."""
        named = " ".join(self._plugin.manifest.command)
        made: dict[str, str] = {}
        if "{video}" in named:
            path = self._scratch / "video.mp4"
            write_video(path, (self._given(index)[0] for index in shown), size, rate_hz)
            made["video"] = str(path)
        if "{mask_video}" in named:
            path = self._scratch / "mask.mp4"
            masks = (self._given(index)[1].astype(np.uint8) * 255 for index in shown)
            write_video(path, (np.repeat(mask[..., None], 3, 2) for mask in masks), size, rate_hz)
            made["mask_video"] = str(path)
        return made

    def _keep(self, index: int, picture: NDArray[np.uint8], start: int, overlap_until: int) -> None:
        width, height = self._clip.size
        picture = picture[:height, :width]
        if index < overlap_until:  # an earlier window made it too
            share = (index - start + 1) / (overlap_until - start + 1)
            mixed = cv2.addWeighted(self._stored(index), 1.0 - share, picture, share, 0.0)
            picture = np.asarray(mixed, np.uint8)
        write_picture(self._made, index, picture, "png")

    def _stored(self, index: int) -> NDArray[np.uint8]:
        stored = cv2.imread(str(self._made / f"{index:05d}.png"), cv2.IMREAD_COLOR)
        if stored is None:
            raise CleanError(f"picture {index} of plug-in '{self._plugin.id}' is lost; clean again")
        return np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB), np.uint8)


def window_starts(count: int, window: Window) -> list[tuple[int, int]]:
    """First and past-the-last picture of every window of a clip of ``count`` pictures."""
    if count <= window.frames:
        return [(0, count)]
    step = window.frames - window.overlap
    starts = list(range(0, count - window.frames, step))
    return [(at, at + window.frames) for at in starts] + [(count - window.frames, count)]


def lengthened(start: int, stop: int, least: int) -> list[int]:
    """Pictures of a window, run back and forth until there are ``least`` of them."""
    there_and_back = [*range(start, stop), *range(stop - 2, start, -1)]
    count = max(stop - start, least)
    return [there_and_back[at % len(there_and_back)] for at in range(count)]


def rate_of(clip: Clip) -> float:
    """Pictures a second; 30 for a clip of one picture."""
    if clip.count < 2:
        return 30.0
    return round(1e9 / max(1.0, float(np.median(np.diff(clip.time_ns)))), 3)
