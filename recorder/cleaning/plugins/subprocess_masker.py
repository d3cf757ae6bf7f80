"""Masks from the user's own program, e.g. SAM2 in the user's Python environment."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from recorder.cleaning.clip import CleanError, Clip, MaskTrack
from recorder.cleaning.masks.imported import imported_masks
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.plugins.folders import VIDEOS, fresh_folder, write_picture
from recorder.cleaning.plugins.manifest import Plugin
from recorder.cleaning.plugins.program import run_program
from recorder.cleaning.plugins.subprocess_filler import rate_of
from recorder.progress import Progress, Report, quiet


def subprocess_masks(
    plugin: Plugin,
    clip: Clip,
    drawn: Sequence[KeyFrame],
    scratch: Path,
    report: Report = quiet,
) -> MaskTrack:
    """Run a program over all pictures and read one mask per picture.

    Parameters
    ----------
    plugin : Plugin
        Accepted, its file checked.
    clip : Clip
    drawn : sequence of KeyFrame
        Written to ``{prompts}`` as a JSON list: what a person drew, to start from.
    scratch : Path
        Folder of its own; removed at the end.
    report : callable
        May raise ``Cancelled``.

    Raises
    ------
    CleanError
        The program failed, or did not make one mask of the right size per picture.
    """
    try:
        frames = fresh_folder(scratch / "frames")
        out = fresh_folder(scratch / "out")
        for index in range(clip.count):
            write_picture(frames, index, clip.frame(index), plugin.manifest.frames_as)
            report(Progress(0.2 * index / clip.count, 1.0, "writing pictures"))
        prompts = scratch / "prompts.json"
        prompts.write_text(json.dumps([one.model_dump(mode="json") for one in drawn]))
        values = {
            "frames": str(frames),
            "out": str(out),
            "prompts": str(prompts),
            "width": str(clip.size[0]),
            "height": str(clip.size[1]),
            "count": str(clip.count),
            "fps": f"{rate_of(clip):g}",
        }

        def on(progress: Progress) -> None:
            report(Progress(0.2, 1.0, progress.what))

        run_program(plugin, values, scratch, on)
        try:
            return imported_masks(_made_in(out), clip)
        except CleanError as error:
            raise CleanError(f"plug-in '{plugin.id}': {error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _made_in(out: Path) -> Path:
    """The video, or the folder, in ``out`` that holds the masks."""
    videos = sorted(path for path in out.rglob("*") if path.suffix.lower() in VIDEOS)
    if videos:
        return videos[0]
    folders = [out, *sorted(path for path in out.rglob("*") if path.is_dir())]
    return max(folders, key=lambda folder: sum(one.is_file() for one in folder.iterdir()))
