"""As much of PyTorch as the script needs, on NumPy."""

import contextlib

bfloat16 = "bfloat16"


class cuda:
    @staticmethod
    def is_available():
        return False


def inference_mode():
    return contextlib.nullcontext()


def autocast(device, dtype):
    return contextlib.nullcontext()
