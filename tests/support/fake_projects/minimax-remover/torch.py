"""As much of PyTorch as the script needs, on NumPy."""

import numpy as np

float16 = np.float16


def device(name):
    return name


def from_numpy(array):
    return array


class Generator:
    def __init__(self, device):
        assert device == "cuda:0"

    def manual_seed(self, seed):
        return self
