"""A video file as a clip: any picture by its number, exactly.

The file's packets are listed once without decoding. A picture is then found by its presentation
time: the decoder goes to the key picture before it and decodes forward, or simply on when the
pictures are read in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from recorder.cleaning.clip import CameraGeometry, CleanError, Mode
from recorder.cleaning.picture_cache import PictureCache, checked_index

FORWARD = 16  # pictures decoded on rather than looked for from a key picture
MOST_PIXELS = 8192 * 8192
SAVE = "save it as MP4, MKV or AVI with H.264, HEVC, VP9 or FFV1"


class VideoClip:
    """Pictures of a video file.

    Parameters
    ----------
    path : Path or str
        Any container and codec that FFmpeg reads.
    mode : str
        ``static`` or ``moving``.

    Attributes
    ----------
    geometry : None
    joints : empty mapping

    Raises
    ------
    CleanError
        The file cannot be read, has no video, or the video has no pictures.
    """

    def __init__(self, path: Path | str, mode: Mode = "static") -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.mode: Mode = mode
        self.geometry: CameraGeometry | None = None
        self.joints: Mapping[str, NDArray[np.float64]] = {}
        if not self.path.is_file():
            raise CleanError(f"video '{path}' does not exist")
        self._container, self._video = self._open()
        try:
            self._list_packets()
        except CleanError:
            self._container.close()
            raise
        self._decoder: Iterator[av.VideoFrame] | None = None
        self._next = -1  # picture the decoder gives next
        self._cache = PictureCache(self.size[0] * self.size[1] * 3)

    def frame(self, index: int) -> NDArray[np.uint8]:
        """RGB picture; raises ``IndexError`` outside the clip, ``CleanError`` on damage."""
        return self._cache.get(checked_index(index, self.count, self.name), self._read)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._decoder = None
        self._container.close()

    def __enter__(self) -> VideoClip:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _open(self) -> tuple[InputContainer, av.VideoStream]:
        try:
            container = av.open(str(self.path))
        except (FFmpegError, OSError, ValueError) as error:
            raise CleanError(
                f"'{self.name}' cannot be read as a video ({_reason(error)}); {SAVE}"
            ) from error
        if not container.streams.video:
            container.close()
            raise CleanError(f"'{self.name}' has no video in it, only other streams; {SAVE}")
        video = container.streams.video[0]
        if video.codec_context is None:  # FFmpeg knows the container, not what is in it
            container.close()
            raise CleanError(f"the codec of '{self.name}' is unknown here; {SAVE}")
        if not 0 < video.width * video.height <= MOST_PIXELS:
            size = f"{video.width}x{video.height}"
            container.close()
            raise CleanError(f"'{self.name}' has pictures of {size} pixels, which is not usable")
        video.thread_type = "NONE"  # pictures come out one by one, whatever the machine
        return container, video

    def _list_packets(self) -> None:
        times: list[int] = []
        keys: list[int] = []
        try:
            for packet in self._container.demux(self._video):
                if packet.pts is None or packet.is_discard:
                    continue
                times.append(packet.pts)
                if packet.is_keyframe:
                    keys.append(packet.pts)
        except FFmpegError as error:
            if not times:
                raise CleanError(f"'{self.name}' cannot be read: {_reason(error)}") from error
        if not times:
            raise CleanError(f"'{self.name}' has no pictures, so there is nothing to clean")
        self._pts = np.unique(np.array(times, np.int64))
        self._keys = np.searchsorted(self._pts, np.unique(np.array(keys or times[:1], np.int64)))
        self._position = {int(pts): at for at, pts in enumerate(self._pts)}
        self.count = len(self._pts)
        self.size = (int(self._video.width), int(self._video.height))
        unit_ns = float(self._video.time_base or 0) * 1e9
        self.time_ns = np.rint((self._pts - self._pts[0]) * unit_ns).astype(np.int64)

    def _read(self, index: int) -> NDArray[np.uint8]:
        key = int(self._keys[max(0, np.searchsorted(self._keys, index, side="right") - 1)])
        onward = self._decoder is not None and self._next <= index < self._next + FORWARD
        if not onward or self._next < key:
            self._seek(key)
        try:
            return self._decode_until(index)
        except (FFmpegError, StopIteration) as error:
            self._decoder = None
            raise CleanError(
                f"picture {index} of '{self.name}' cannot be decoded ({_reason(error)}); "
                "make the video again"
            ) from error

    def _seek(self, key: int) -> None:
        self._container.seek(int(self._pts[key]), stream=self._video, backward=True)
        self._decoder = self._container.decode(self._video)
        self._next = 0

    def _decode_until(self, index: int) -> NDArray[np.uint8]:
        assert self._decoder is not None
        width, height = self.size
        while True:
            decoded = next(self._decoder)
            at = -1 if decoded.pts is None else self._position.get(decoded.pts, -1)
            if at < 0:
                continue
            self._next = at + 1
            if at > index:
                raise CleanError(
                    f"picture {index} of '{self.name}' is damaged and missing; make the video again"
                )
            if at < index - FORWARD:
                continue
            picture = np.asarray(
                decoded.to_ndarray(format="rgb24", width=width, height=height), np.uint8
            )
            if at == index:
                return picture
            self._cache.put(at, picture)


def _reason(error: Exception) -> str:
    words = str(getattr(error, "strerror", "") or error).strip()
    return words or type(error).__name__
