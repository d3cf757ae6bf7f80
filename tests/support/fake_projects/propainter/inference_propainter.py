"""Takes and leaves what ProPainter's script of this name does; paints instead of thinking."""

import argparse
import os
import sys

import cv2
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("-i", "--video", type=str, required=True)
parser.add_argument("-m", "--mask", type=str, required=True)
parser.add_argument("-o", "--output", type=str, default="results")
parser.add_argument("--resize_ratio", type=float, default=1.0)
parser.add_argument("--height", type=int, default=-1)
parser.add_argument("--width", type=int, default=-1)
parser.add_argument("--mask_dilation", type=int, default=4)
parser.add_argument("--subvideo_length", type=int, default=80)
parser.add_argument("--save_fps", type=int, default=24)
parser.add_argument("--save_frames", action="store_true")
parser.add_argument("--fp16", action="store_true")
args = parser.parse_args()

if not os.path.isdir("weights"):
    sys.exit("weights would be fetched from the network into " + os.getcwd())
pictures = [cv2.imread(os.path.join(args.video, one)) for one in sorted(os.listdir(args.video))]
masks = [cv2.imread(os.path.join(args.mask, one), 0) for one in sorted(os.listdir(args.mask))]
if len(pictures) < 2:
    sys.exit("no flow between fewer than two pictures")
size = (args.width, args.height) if args.width > 0 else pictures[0].shape[1::-1]
assert size[0] % 8 == 0, size
assert size[1] % 8 == 0, size
save_root = os.path.join(args.output, os.path.basename(args.video))
os.makedirs(os.path.join(save_root, "frames"), exist_ok=True)
grown = np.ones((2 * args.mask_dilation + 1,) * 2, np.uint8)
for index, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
    painted = cv2.resize(picture, size)
    painted[cv2.dilate(mask, grown) > 0] = (30, 200, 90)
    if args.save_frames:
        cv2.imwrite(os.path.join(save_root, "frames", str(index).zfill(4) + ".png"), painted)
for name in ("masked_in.mp4", "inpaint_out.mp4"):
    with open(os.path.join(save_root, name), "wb") as file:
        file.write(b"a video in bad quality" * 1000)
