"""A program as users install them: pictures and masks in folders in, pictures or a video out.

Run as ``python fake_inpainter.py HOW FRAMES MASKS OUT``; HOW says what it does or gets wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

COLOUR_BGR = (30, 200, 90)


def main(how: str, frames: Path, masks: Path, out: Path) -> int:
    if how == "fails":
        sys.stderr.write("model.pth was made for another version\n")
        return 3
    if how == "cuda":
        sys.stdout.write("torch.cuda.OutOfMemoryError: CUDA out of memory. Tried 9 GiB\n")
        return 1
    if how == "family":  # a program that starts another, and hangs
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        note = Path(os.environ["FAMILY"])
        note.with_suffix(".writing").write_text(f"{os.getpid()} {child.pid}")
        note.with_suffix(".writing").rename(note)
    if how in ("hangs", "family"):
        time.sleep(600)
    if how == "greedy":
        held = [np.ones(200 << 20, np.uint8) for _ in range(3)]
        time.sleep(600 + len(held))
    pictures = [cv2.imread(str(path)) for path in sorted(frames.iterdir())]
    pairs = zip(pictures, sorted(masks.iterdir()), strict=True)
    made = [painted(picture, path) for picture, path in pairs]
    if how == "tints":  # by the number that the made-up pictures carry
        made = [np.full_like(one, 10 * numbered(made[0])) for one in made]
    if how == "short":
        made = made[:-1]
    if how == "small":
        made = [cv2.resize(picture, None, fx=0.5, fy=0.5) for picture in made]
    if how == "nothing":
        return 0
    if how == "video":
        write_video(out / "result.mkv", made)
        return 0
    folder = out / "frames"
    folder.mkdir()
    for index, picture in enumerate(made):
        cv2.imwrite(str(folder / f"{index:04d}.png"), picture)
    return 0


def painted(picture: np.ndarray, mask: Path) -> np.ndarray:
    picture[cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) > 127] = COLOUR_BGR
    return picture


def numbered(picture: np.ndarray) -> int:
    bright = picture[:8, :128].reshape(8, 16, 8, -1).mean(axis=(0, 2, 3)) > 127
    return sum(1 << bit for bit in range(16) if bright[bit])


def write_video(path: Path, pictures: list[np.ndarray]) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())


def mask_everything_red(frames: Path, out: Path, prompts: Path) -> int:
    assert prompts.read_text().startswith("[")
    for path in sorted(frames.iterdir()):
        picture = cv2.imread(str(path)).astype(int)
        orange = (picture[..., 2] > 180) & (picture[..., 0] < 110)
        cv2.imwrite(str(out / f"{path.stem}.png"), orange.astype(np.uint8) * 255)
    return 0


if __name__ == "__main__":
    paths = [Path(one) for one in sys.argv[2:]]
    sys.exit(mask_everything_red(*paths) if sys.argv[1] == "mask" else main(sys.argv[1], *paths))
