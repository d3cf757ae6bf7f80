"""Pictures and masks in folders for a program, and what it made read back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError
from recorder.cleaning.plugins.manifest import Plugin
from recorder.cleaning.video_clip import VideoClip

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
VIDEOS = (".mp4", ".mkv", ".avi", ".mov", ".webm")
JPEG_QUALITY = 98


def fresh_folder(path: Path) -> Path:
    """Empty folder at ``path``."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def padded(picture: NDArray, multiple: int) -> NDArray:
    """``picture`` with its last row and column repeated up to a multiple."""
    height, width = picture.shape[:2]
    below, right = -height % multiple, -width % multiple
    if not below and not right:
        return picture
    return cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)


def write_picture(folder: Path, index: int, picture: NDArray[np.uint8], form: str) -> None:
    """Store RGB picture ``index`` as ``00012.png`` or ``00012.jpg``."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if form == "jpg" else []
    _write(folder / f"{index:05d}.{form}", bgr, options)


def write_mask(folder: Path, index: int, mask: NDArray[np.bool_]) -> None:
    """Store a mask as a grey PNG, 255 where it is true."""
    _write(folder / f"{index:05d}.png", mask.astype(np.uint8) * 255, [])


def _write(path: Path, picture: NDArray, options: list[int]) -> None:
    if not cv2.imwrite(str(path), picture, options):
        raise CleanError(f"'{path}' cannot be written; there may be no room on the disk")


def write_video(
    path: Path, pictures: Iterable[NDArray[np.uint8]], size: tuple[int, int], rate_hz: int
) -> None:
    """Store RGB pictures of ``size`` as MP4 (H.264 without loss); raises ``CleanError``."""
    try:
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=rate_hz, options={"qp": "0"})
            stream.pix_fmt = "yuv444p"
            stream.width, stream.height = size
            for picture in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
    except (FFmpegError, OSError, ValueError) as error:
        raise CleanError(
            f"'{path}' cannot be written ({error}); there may be no room on the disk"
        ) from None


class MadePictures:
    """What a program left in its output folder: a folder of pictures, or a video.

    Parameters
    ----------
    plugin : Plugin
        For messages.
    out : Path
        Where it was told to write; folders in it are searched.
    count : int
        Pictures there are to be.
    size : tuple of (int, int)
        Width and height they are to have.

    Raises
    ------
    CleanError
        There is nothing, or not ``count`` pictures.
    """

    def __init__(self, plugin: Plugin, out: Path, count: int, size: tuple[int, int]) -> None:
        self._plugin, self._size = plugin, size
        self._files = _pictures_in(out)
        self._video: VideoClip | None = None
        if not self._files:
            videos = sorted(p for p in out.rglob("*") if p.suffix.lower() in VIDEOS)
            if not videos:
                raise CleanError(
                    f"plug-in '{plugin.id}' made neither pictures nor a video in {{out}}"
                )
            self._video = VideoClip(max(videos, key=lambda path: (path.stat().st_size, path.name)))
        found = self._video.count if self._video else len(self._files)
        if found != count:
            self.close()
            raise CleanError(f"plug-in '{plugin.id}' made {found} pictures of {count}")

    def picture(self, at: int) -> NDArray[np.uint8]:
        """RGB picture ``at``, checked for its size; raises ``CleanError``."""
        if self._video is not None:
            picture = self._video.frame(at)
        else:
            stored = cv2.imread(str(self._files[at]), cv2.IMREAD_COLOR)
            if stored is None:
                name = self._files[at].name
                raise CleanError(f"plug-in '{self._plugin.id}' made '{name}', which is no picture")
            picture = np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB), np.uint8)
        width, height = self._size
        if picture.shape[:2] != (height, width):
            made = f"{picture.shape[1]}x{picture.shape[0]}"
            raise CleanError(
                f"plug-in '{self._plugin.id}' made pictures of {made} instead of "
                f"{width}x{height}; set its size multiple, or the size in its command"
            )
        return picture

    def close(self) -> None:
        """Close the video."""
        if self._video is not None:
            self._video.close()


def _pictures_in(out: Path) -> list[Path]:
    """Pictures of the folder in ``out`` that has most of them, by name."""
    folders: dict[Path, list[Path]] = {}
    for path in sorted(out.rglob("*")):
        if path.suffix.lower() in PICTURES and path.is_file():
            folders.setdefault(path.parent, []).append(path)
    return max(folders.values(), key=len, default=[])
