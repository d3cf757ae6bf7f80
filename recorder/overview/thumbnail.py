"""One small picture of an episode."""

from __future__ import annotations

import cv2

from recorder.episode import Episode, EpisodeStream

WIDTH_PX = 192
QUALITY = 80


def make_thumbnail(episode: Episode) -> bytes:
    """JPEG of the middle picture of the first colour camera, at most 192 px wide.

    Empty where there is no colour camera or its picture is damaged.
    """
    stream = next(filter(_is_colour, episode.streams.values()), None)
    if stream is None:
        return b""
    try:
        picture = stream.frame(len(stream) // 2)
    except (OSError, ValueError):
        return b""
    height, width = picture.shape[:2]
    if width > WIDTH_PX:
        size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    done, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return jpeg.tobytes() if done else b""


def _is_colour(stream: EpisodeStream) -> bool:
    return stream.spec.kind == "image" and len(stream.spec.shape) == 3 and len(stream) > 0
