"""Takes and leaves what DiffuEraser's script of this name does; paints instead of thinking."""

import argparse
import os
import sys

import cv2
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--input_video", type=str, default="examples/example3/video.mp4")
parser.add_argument("--input_mask", type=str, default="examples/example3/mask.mp4")
parser.add_argument("--video_length", type=int, default=10)
parser.add_argument("--mask_dilation_iter", type=int, default=8)
parser.add_argument("--max_img_size", type=int, default=960)
parser.add_argument("--save_path", type=str, default="results")
args = parser.parse_args()


def read(path):
    video = cv2.VideoCapture(path)
    pictures = []
    while (read := video.read())[0]:
        pictures.append(read[1])
    return pictures, video.get(cv2.CAP_PROP_FPS)


if not os.path.isdir("weights/PCM_Weights"):
    sys.exit("weights/PCM_Weights is not below " + os.getcwd())
if not 256 <= args.max_img_size <= 1920:
    raise ValueError("The max_img_size must be larger than 256, smaller than 1920.")
os.makedirs(args.save_path, exist_ok=True)
priori = os.path.join(args.save_path, "priori.mp4")
with open(priori, "wb") as file:
    file.write(b"what ProPainter made" * 100_000)
pictures, rate = read(args.input_video)
masks, mask_rate = read(args.input_mask)
if rate != mask_rate:
    raise ValueError("The frame rate of all input videos needs to be consistent.")
if max(pictures[0].shape[:2]) < 256:
    raise ValueError("The resolution of the uploaded video must be larger than 256x256.")
pictures = pictures[: int(args.video_length * rate)]
os.remove(priori)
if min(len(pictures), len(masks)) < 22:
    raise ValueError("The effective video duration is too short.")
size = pictures[0].shape[1::-1]
assert size[0] % 8 == 0, size
assert size[1] % 8 == 0, size
path = os.path.join(args.save_path, "diffueraser_result.mp4")
writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"mp4v"), rate, size)
for picture, mask in zip(pictures, masks, strict=False):
    hidden = (mask.max(axis=2) > 0).astype(np.uint8)
    assert hidden.mean() < 0.5, "the mask is not black where nothing is hidden"
    picture[
        cv2.dilate(hidden, np.ones((3, 3), np.uint8), iterations=args.mask_dilation_iter) > 0
    ] = (
        30,
        200,
        90,
    )
    writer.write(picture)
writer.release()
