"""Fill a folder of pictures with MiniMax-Remover: ``fill_folder.py FRAMES MASKS OUT``.

Started in a checkout of the project, with its ``vae``, ``transformer`` and ``scheduler`` below.
The model works at one size; pictures are brought to it and back.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 480, 832  # the project asks not to change them
STEPS, MARGIN, SEED = 12, 6, 42


def main(frames: Path, masks: Path, out: Path) -> int:
    sys.path.insert(0, str(Path.cwd()))
    import torch
    from diffusers.models import AutoencoderKLWan
    from diffusers.schedulers import UniPCMultistepScheduler
    from pipeline_minimax_remover import Minimax_Remover_Pipeline
    from transformer_minimax_remover import Transformer3DModel

    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(frames.iterdir())]
    holes = [np.asarray(Image.open(path).convert("L")) > 127 for path in sorted(masks.iterdir())]
    half, device = torch.float16, torch.device("cuda:0")
    pipeline = Minimax_Remover_Pipeline(
        transformer=Transformer3DModel.from_pretrained("./transformer", torch_dtype=half),
        vae=AutoencoderKLWan.from_pretrained("./vae", torch_dtype=half),
        scheduler=UniPCMultistepScheduler.from_pretrained("./scheduler"),
    )
    pipeline.to(device)
    made = pipeline(
        images=torch.from_numpy(np.stack(pictures).astype(np.float32) / 127.5 - 1.0),
        masks=torch.from_numpy(np.stack(holes).astype(np.float32)[..., None]),
        num_frames=len(pictures),
        height=HEIGHT,
        width=WIDTH,
        num_inference_steps=STEPS,
        generator=torch.Generator(device=device).manual_seed(SEED),
        iterations=MARGIN,
    ).frames[0]
    size = (pictures[0].shape[1], pictures[0].shape[0])
    for index, picture in enumerate(np.asarray(made)):
        shades = np.rint(np.clip(picture, 0.0, 1.0) * 255).astype(np.uint8)
        Image.fromarray(shades).resize(size, Image.Resampling.LANCZOS).save(
            out / f"{index:05d}.png"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
