"""Decode foreign videos frame by frame. Runs in the child only.

The container is chosen by its first bytes and named to FFmpeg, so that no playlist is ever tried;
the file is handed over as an open file, so that no protocol is; whatever the container asks to
open besides is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from recorder.importers.limits import Limits, Refused

CODECS = ("h264", "hevc", "av1", "mjpeg", "ffv1", "vp9", "png")
HALF_FRAME = 0.5


def container_of(head: bytes) -> str:
    """FFmpeg's name of an allowed container from its first 12 bytes; empty for all others."""
    if head[4:8] == b"ftyp":
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    return ""


@contextmanager
def open_video(path: Path, limits: Limits) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video of an allowed container and codec.

    Raises
    ------
    Refused
        For anything else, for more than one picture track, and for sizes beyond the limits.
    """
    with open(path, "rb") as file:
        head = file.read(12)
        name = container_of(head)
        if not name:
            raise Refused(
                f"'{path.name}' begins with {head[:8]!r}; only MP4, Matroska and AVI files are "
                "read as video"
            )
        file.seek(0)
        try:
            opened = av.open(
                file,
                "r",
                format=name,
                container_options={"protocol_whitelist": "", "enable_drefs": "0"}
                if name == "mov"
                else {"protocol_whitelist": ""},
                io_open=_refuse_other_files,
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise _damaged(path, error) from None
        with opened as container:
            tracks = container.streams.video
            if len(tracks) != 1:
                raise Refused(f"'{path.name}' has {len(tracks)} picture tracks, 1 expected")
            track = tracks[0]
            _judge(path, track, limits)
            yield container, track


def _judge(path: Path, track: VideoStream, limits: Limits) -> None:
    context = track.codec_context
    codec = getattr(context, "codec", None)
    name = getattr(codec, "canonical_name", None) or getattr(context, "name", "unknown")
    if name not in CODECS:
        raise Refused(f"'{path.name}' is coded in '{name}'; readable are {', '.join(CODECS)}")
    pixels = context.width * context.height
    if not 0 < pixels <= limits.picture_pixels:
        raise Refused(
            f"'{path.name}' has pictures of {context.width} x {context.height} (limit "
            f"{limits.picture_pixels} pixels)"
        )
    if track.frames > limits.video_frames:
        raise Refused(f"'{path.name}' claims {track.frames} frames (limit {limits.video_frames})")
    context.thread_count = 1
    context.thread_type = "NONE"


def _refuse_other_files(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError(f"the video asks for another file ('{url[:80]}')")


def _damaged(path: Path, error: Exception) -> Refused:
    return Refused(f"'{path.name}' cannot be decoded: {str(error)[:200]}; the video is damaged")


def check(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Size, rate and number of decoded frames; decodes the whole video."""
    count = width = height = 0
    with open_video(path, limits) as (container, track):
        for frame in _decoded(path, container, track, limits):
            count += 1
            width, height = frame.width, frame.height
        if count == 0:
            raise Refused(f"'{path.name}' holds no picture")
        if track.frames and track.frames != count:
            raise Refused(
                f"'{path.name}' announces {track.frames} frames and holds {count}; it is damaged"
            )
        rate = float(track.average_rate or 0)
        yield {"frames": count, "width": width, "height": height, "fps": rate}, []


def _decoded(
    path: Path, container: InputContainer, track: VideoStream, limits: Limits
) -> Iterator[av.VideoFrame]:
    count = 0
    try:
        for frame in container.decode(track):
            count += 1
            if count > limits.video_frames:
                raise Refused(f"'{path.name}' holds more than {limits.video_frames} frames (limit)")
            if frame.width * frame.height > limits.picture_pixels:
                raise Refused(
                    f"'{path.name}': frame {count} has {frame.width} x {frame.height} pixels "
                    f"(limit {limits.picture_pixels} in all)"
                )
            yield frame
    except av.error.FFmpegError as error:
        raise _damaged(path, error) from None


def frames(
    path: Path, limits: Limits, start_s: float, count: int, fps: float
) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Yield ``count`` RGB frames at ``start_s + k / fps``, each within half a frame of its time.

    Parameters
    ----------
    start_s : float
        Time of the first frame in the video.
    count : int
        How many.
    fps : float
        Frames per second.
    """
    if not (math.isfinite(start_s) and start_s >= 0 and fps > 0 and count > 0):
        raise Refused(f"'{path.name}': frames from {start_s} s at {fps} Hz cannot be meant")
    with open_video(path, limits) as (container, track):
        base = float(track.time_base or 0)
        if base <= 0:
            raise Refused(f"'{path.name}' has no time base; the video is damaged")
        origin_s = (track.start_time or 0) * base
        if start_s > 0:
            try:
                container.seek(int((start_s + origin_s) / base), stream=track, backward=True)
            except av.error.FFmpegError as error:
                raise _damaged(path, error) from None
        sent = 0
        for frame in _decoded(path, container, track, limits):
            time_s = (frame.pts or 0) * base - origin_s
            due_s = start_s + sent / fps
            if time_s < due_s - HALF_FRAME / fps:
                continue
            if time_s > due_s + HALF_FRAME / fps:
                raise Refused(
                    f"'{path.name}' has no frame at {due_s:.4f} s; the next is at {time_s:.4f} s"
                )
            yield {"time_s": time_s}, [np.asarray(frame.to_ndarray(format="rgb24"))]
            sent += 1
            if sent == count:
                return
        raise Refused(
            f"'{path.name}' ends after {sent} of {count} frames from {start_s:.3f} s; its index "
            "and the video disagree"
        )


QUESTIONS = {"video.check": check, "video.frames": frames}
