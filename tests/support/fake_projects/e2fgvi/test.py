"""Takes and leaves what E2FGVI's script of this name does; paints instead of thinking."""

import argparse
import os
import sys

import cv2
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("-v", "--video", type=str, required=True)
parser.add_argument("-c", "--ckpt", type=str, required=True)
parser.add_argument("-m", "--mask", type=str, required=True)
parser.add_argument("--model", type=str, choices=["e2fgvi", "e2fgvi_hq"])
parser.add_argument("--step", type=int, default=10)
parser.add_argument("--num_ref", type=int, default=-1)
parser.add_argument("--neighbor_stride", type=int, default=5)
parser.add_argument("--savefps", type=int, default=24)
parser.add_argument("--set_size", action="store_true", default=False)
parser.add_argument("--width", type=int)
parser.add_argument("--height", type=int)
args = parser.parse_args()

if not os.path.isfile(args.ckpt):
    sys.exit("no weights at " + args.ckpt)
assert not args.video.endswith(".mp4")
size = (432, 240) if args.model == "e2fgvi" else (args.width, args.height)
pictures = [cv2.imread(args.video + "/" + one) for one in sorted(os.listdir(args.video))]
masks = [cv2.imread(args.mask + "/" + one, 0) for one in sorted(os.listdir(args.mask))]
os.makedirs("results", exist_ok=True)
path = os.path.join("results", args.video.split("/")[-1] + "_results.mp4")
writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"mp4v"), args.savefps, size)
for picture, mask in zip(pictures, masks, strict=True):
    painted = cv2.resize(picture, size)
    painted[cv2.dilate(mask, np.ones((9, 9), np.uint8)) > 0] = (30, 200, 90)
    writer.write(painted)
writer.release()
if os.environ.get("MPLBACKEND") != "Agg":
    sys.exit("a window would stay open now until somebody closes it")
