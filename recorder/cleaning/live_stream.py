"""The stream of a live preview: which camera it shows, and its size. Quick to import."""

from __future__ import annotations

from devices.rig import Rig
from devices.stream import StreamSpec

NAME = "preview"
WORK_WIDTH_PX = 320
MOST_HZ = 12.0


def work_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the preview of pictures of ``size``, pixels."""
    scale = min(1.0, WORK_WIDTH_PX / size[0])
    return max(8, round(size[0] * scale)), max(8, round(size[1] * scale))


def preview_source(rig: Rig) -> StreamSpec | None:
    """The camera that is previewed: the first colour camera that stands; None without one."""
    standing = {f"camera_{camera.name}" for camera in rig.cameras if camera.mount == "world"}
    for spec in rig.streams():
        if spec.kind == "image" and spec.device in standing and spec.name.endswith("/rgb"):
            return spec
    return None


def preview_stream(source: StreamSpec) -> StreamSpec:
    """The stream a camera's preview is published on; it is never recorded."""
    width, height = work_size((source.shape[1], source.shape[0]))
    return source.model_copy(
        update={
            "name": f"{source.name.split('/')[0]}/preview",
            "shape": (height, width, 3),
            "rate_hz": MOST_HZ,
            "recorded": False,
            "device": NAME,
        }
    )
