"""Masks of the operator by SAM 2: ``mask_folder.py FRAMES PROMPTS OUT CONFIG CHECKPOINT``.

Starts from what a person drew, goes forwards and backwards, and leaves one PNG per picture.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

OPERATOR = 1
MOST_POINTS = 12  # of one stroke


def main(frames: Path, prompts: Path, out: Path, config: str, checkpoint: str) -> int:
    drawn = json.loads(prompts.read_text())
    if not any(shows_operator(one) for one in drawn):
        sys.stderr.write("nothing was drawn; draw the operator on one picture in Clean first\n")
        return 2
    import torch
    from sam2.build_sam import build_sam2_video_predictor

    device = "cuda" if torch.cuda.is_available() else "cpu"
    predictor = build_sam2_video_predictor(config, checkpoint, device=device)
    names = sorted(frames.iterdir())
    size = Image.open(names[0]).size
    found = [np.zeros((size[1], size[0]), np.bool_) for _ in names]
    with torch.inference_mode(), torch.autocast(device, dtype=torch.bfloat16):
        state = predictor.init_state(video_path=str(frames), offload_video_to_cpu=True)
        for one in drawn:
            tell(predictor, state, one, size)
        for reverse in (False, True):
            for index, _, logits in predictor.propagate_in_video(state, reverse=reverse):
                found[index] |= (logits[0, 0] > 0).cpu().numpy()
    for name, mask in zip(names, found, strict=True):
        Image.fromarray(mask.astype(np.uint8) * 255).save(out / f"{name.stem}.png")
    return 0


def shows_operator(one: dict) -> bool:
    return bool(one.get("polygon") or one.get("box") or one.get("foreground"))


def tell(predictor, state, one: dict, size: tuple[int, int]) -> None:
    """Give one picture's drawing to the predictor."""
    if one.get("polygon") or not shows_operator(one):  # an outline, or nobody
        mask = Image.new("1", size)
        if one.get("polygon"):
            ImageDraw.Draw(mask).polygon([tuple(point) for point in one["polygon"]], fill=1)
        predictor.add_new_mask(state, one["index"], OPERATOR, np.asarray(mask))
        return
    points = [(point, 1) for stroke in one["foreground"] for point in spread(stroke)]
    points += [(point, 0) for stroke in one["background"] for point in spread(stroke)]
    predictor.add_new_points_or_box(
        inference_state=state,
        frame_idx=one["index"],
        obj_id=OPERATOR,
        points=np.array([point for point, _ in points], np.float32) if points else None,
        labels=np.array([label for _, label in points], np.int32) if points else None,
        box=np.array(one["box"], np.float32) if one.get("box") else None,
    )


def spread(stroke: list) -> list:
    """Points of a stroke, evenly, at most ``MOST_POINTS``."""
    at = np.linspace(0, len(stroke) - 1, min(MOST_POINTS, len(stroke))).round().astype(int)
    return [stroke[index] for index in at]


if __name__ == "__main__":
    paths = [Path(one) for one in sys.argv[1:4]]
    sys.exit(main(*paths, *sys.argv[4:6]))
