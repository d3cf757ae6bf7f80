"""Masks made elsewhere: a video or a folder of pictures, white where the operator is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, Clip
from recorder.cleaning.masks.tracks import PackedMaskTrack
from recorder.cleaning.video_clip import VideoClip
from recorder.progress import ProgressMeter, Report, quiet

THRESHOLD = 127  # grey values above are operator
FULL = 0.98  # share of a picture over which a mask leaves nothing to work with
GREY = (32, 223)  # grey values that are neither black nor white
MOSTLY_GREY = 0.5  # of what was taken as operator; soft edges and codecs stay below
MOST_NAMED = 5
PICTURES = frozenset({".png", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff"})
MOST_PICTURE_BYTES = 256 << 20


def imported_masks(
    path: Path | str, clip: Clip, offset: int = 0, report: Report = quiet
) -> PackedMaskTrack:
    """Read one mask per picture.

    Parameters
    ----------
    path : Path or str
        Video, or folder of PNG, BMP, JPEG or TIFF pictures; numbers in their names set the order.
    clip : Clip
        What the masks belong to.
    offset : int
        Mask ``offset`` belongs to picture 0; the first ``offset`` masks are left out.

    Raises
    ------
    CleanError
        Nothing there, too few or too many masks, another size, or only empty or full masks.
    """
    path = Path(path)
    if offset < 0:
        raise CleanError(
            f"mask offset is {offset}; give the number of masks to leave out, 0 or more"
        )
    if path.is_dir():
        files = _pictures(path)
        holes = _holes(files)
        _check_count(len(files) - offset, clip, path.name, offset, holes)
        track = _track(clip, path.name, _read_folder(files[offset:], clip), report)
        if holes:
            said = (
                f"'{path.name}' has no mask {holes}; its masks were taken in order, without a gap"
            )
            return track.with_warnings((*track.warnings, said))
        return track
    if not path.exists():
        raise CleanError(f"masks '{path}' do not exist; give a video or a folder of PNG pictures")
    with VideoClip(path) as video:
        _check_count(video.count - offset, clip, path.name, offset, "")
        _check_size(video.size, clip, path.name)
        grey = (video.frame(at + offset).max(axis=2) for at in range(clip.count))
        return _track(clip, path.name, grey, report)


def _track(
    clip: Clip, name: str, pictures: Iterator[NDArray[np.uint8]], report: Report
) -> PackedMaskTrack:
    shares: list[float] = []
    brightest: list[int] = []
    between: list[float] = []
    meter = ProgressMeter(clip.count, report)

    def counted() -> Iterator[NDArray[np.bool_]]:
        for picture in pictures:
            mask = picture > THRESHOLD
            shares.append(float(mask.mean()))
            brightest.append(int(picture.max()))
            between.append(float(((picture >= GREY[0]) & (picture <= GREY[1])).mean()))
            meter.advance(1, "masks")
            yield mask

    track = PackedMaskTrack(clip.size, counted())
    if max(shares) == 0:
        raise CleanError(
            f"every mask in '{name}' is empty, so nothing is cleaned: its brightest pixel has "
            f"{max(brightest)}, operator pixels must be brighter than {THRESHOLD}"
        )
    if min(shares) > FULL:
        raise CleanError(
            f"every mask in '{name}' covers the whole picture, so nothing is left to fill from; "
            "black must be scene and white operator"
        )
    warnings = []
    full = [at for at, share in enumerate(shares) if share > FULL]
    if full:
        warnings.append(
            f"{len(full)} of {len(shares)} masks in '{name}' cover the whole picture, the first at "
            f"{full[0]}; look at them"
        )
    if np.sum(between) > MOSTLY_GREY * np.sum(shares):
        warnings.append(
            f"the masks in '{name}' are grey rather than black and white; pixels brighter than "
            f"{THRESHOLD} were taken as operator"
        )
    if np.mean(shares) > 0.5:
        warnings.append(
            f"the masks in '{name}' cover {np.mean(shares):.0%} of the pictures; "
            "check that white is the operator"
        )
    return track.with_warnings(warnings)


def _pictures(folder: Path) -> list[Path]:
    found = [one for one in folder.iterdir() if one.suffix.lower() in PICTURES and one.is_file()]
    if not found:
        raise CleanError(f"folder '{folder.name}' has no pictures; put one PNG per picture into it")
    return sorted(found, key=lambda one: (_numbers(one.stem), one.name))


def _holes(files: list[Path]) -> str:
    """Numbers that are missing where files are numbered one by one; empty without a hole.

    Raises
    ------
    CleanError
        Two files have the same number.
    """
    numbers = [_numbers(one.stem) for one in files]
    columns = list(zip(*numbers, strict=False))
    changing = [column for column in columns if len(set(column)) > 1]
    if len(changing) != 1 or len({len(one) for one in numbers}) > 1:
        return ""
    steps = np.diff(changing[0])
    if (steps == 0).any():
        at = int(np.flatnonzero(steps == 0)[0])
        raise CleanError(
            f"'{files[at].name}' and '{files[at + 1].name}' have the same number; keep one of them"
        )
    if np.median(steps) != 1 or (steps == 1).all():
        return ""
    missing = sorted(set(range(changing[0][0], changing[0][-1])) - set(changing[0]))
    shown = ", ".join(str(one) for one in missing[:MOST_NAMED])
    return f"{shown} and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else shown


def _numbers(stem: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", stem))


def _read_folder(files: list[Path], clip: Clip) -> Iterator[NDArray[np.uint8]]:
    for file in files:
        if file.stat().st_size > MOST_PICTURE_BYTES:
            raise CleanError(f"mask '{file.name}' is larger than 256 MB and is not read")
        stored = np.fromfile(file, np.uint8)
        picture = cv2.imdecode(stored, cv2.IMREAD_COLOR) if stored.size else None
        if picture is None:
            raise CleanError(f"mask '{file.name}' cannot be read as a picture; save it as PNG")
        _check_size((picture.shape[1], picture.shape[0]), clip, file.name)
        yield np.asarray(picture, np.uint8).max(axis=2)


def _check_count(found: int, clip: Clip, name: str, offset: int, holes: str) -> None:
    if found != clip.count:
        gaps = f" (there is no {holes})" if holes else ""
        after = f" after the first {offset}" if offset else ""
        raise CleanError(
            f"'{name}' has {max(0, found)} masks{after}{gaps} for the {clip.count} pictures of "
            f"'{clip.name}'; give one mask per picture"
        )


def _check_size(size: tuple[int, int], clip: Clip, name: str) -> None:
    if tuple(size) != tuple(clip.size):
        raise CleanError(
            f"'{name}' is {size[0]}x{size[1]} pixels, the pictures of '{clip.name}' are "
            f"{clip.size[0]}x{clip.size[1]}; give masks of the same size"
        )
