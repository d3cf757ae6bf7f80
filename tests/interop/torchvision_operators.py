"""Declare torchvision's operators where its compiled library does not load beside this torch.

``lerobot`` imports torchvision for its transforms, and torchvision registers shapes and gradients
of its detection operators when it is imported. Beside a torch of another build (PyPI's torchvision
is made for CUDA) those operators do not exist and the import ends. They are declared here without
a body: nothing that is checked calls them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

OPERATORS = (
    "nms",
    "qnms",
    "roi_align",
    "qroi_align",
    "roi_pool",
    "ps_roi_align",
    "ps_roi_pool",
    "deform_conv2d",
    "_roi_align_backward",
    "_roi_pool_backward",
    "_ps_roi_align_backward",
    "_ps_roi_pool_backward",
    "_deform_conv2d_backward",
)
_kept = []


def declare_missing() -> tuple[str, ...]:
    """Declare what is missing before torchvision is imported; returns the names declared."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("torchvision is not installed")
    for compiled in sorted(Path(spec.origin).parent.glob("_C*.so")):
        try:
            torch.ops.load_library(compiled)
            return ()
        except OSError:
            continue
    library = torch.library.Library("torchvision", "DEF")
    for name in OPERATORS:
        library.define(f"{name}(Tensor a) -> Tensor")
    _kept.append(library)  # a library that is collected takes its operators along
    return OPERATORS
