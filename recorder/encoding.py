"""One sample to the bytes that are stored, and back.

Colour is RGB everywhere in this program; OpenCV's order (BGR) exists only inside this file.
"""

from __future__ import annotations

import zlib
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.stream import StreamSpec

ENCODER_THREADS = 2  # measured: 0.8 ms a 640x480 JPEG; 210 frames/s need a tenth of one core
PNG_LEVEL = 1  # the fastest; size matters less than the encoder's share of the machine

COPY_BELOW_BYTES = 4096  # a copy is cheaper than a view's bookkeeping

cv2.setNumThreads(1)


def encode_sample(spec: StreamSpec, data: NDArray) -> bytes | memoryview:
    """Bytes of one sample as the log and the episode store them.

    Parameters
    ----------
    spec : StreamSpec
        Says encoding and quality.
    data : ndarray
        Sample with the stream's dtype and shape; colour images are RGB.

    Raises
    ------
    ValueError
        When the image cannot be encoded.
    """
    if spec.encoding == "raw":
        return data.tobytes() if data.nbytes < 4096 else np.ascontiguousarray(data).data.cast("B")
    if spec.encoding == "jpeg":
        extension, options = ".jpg", [cv2.IMWRITE_JPEG_QUALITY, spec.quality]
    else:
        extension, options = ".png", [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL]
    colour = data.ndim == 3 and data.shape[2] == 3
    try:
        done, buffer = cv2.imencode(
            extension, cv2.cvtColor(data, cv2.COLOR_RGB2BGR) if colour else data, options
        )
    except cv2.error as error:
        raise ValueError(f"stream '{spec.name}': cannot encode {spec.encoding}: {error}") from error
    if not done:
        raise ValueError(f"stream '{spec.name}': cannot encode {spec.encoding}")
    return np.asarray(buffer).data.cast("B")


def decode_sample(spec: StreamSpec, stored: NDArray[np.uint8]) -> NDArray:
    """Turn stored bytes back into a sample with the stream's dtype and shape (RGB for colour).

    Raises
    ------
    ValueError
        When the bytes are not an image of the stream's shape.
    """
    if spec.encoding == "raw":
        return spec.view(stored)
    image = cv2.imdecode(stored, cv2.IMREAD_UNCHANGED)
    if image is None or image.shape != spec.shape or image.dtype != np.dtype(spec.dtype):
        found = "nothing" if image is None else f"{image.dtype} {image.shape}"
        raise ValueError(
            f"stream '{spec.name}': stored {spec.encoding} decodes to {found}, "
            f"expected {spec.dtype} {spec.shape}"
        )
    if image.ndim == 3 and image.shape[2] == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return image


Encoded = tuple[bytes | memoryview, int]


def encode_with_crc(spec: StreamSpec, data: NDArray) -> Encoded:
    """``encode_sample`` and the CRC-32 of its result."""
    stored = encode_sample(spec, data)
    return stored, zlib.crc32(stored)


class EncoderPool:
    """Encodes images on two threads; OpenCV releases the interpreter lock meanwhile."""

    def __init__(self, threads: int = ENCODER_THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="encoder")

    def submit(self, spec: StreamSpec, data: NDArray) -> Future[Encoded]:
        """Start encoding; the future gives the stored bytes and their CRC-32."""
        return self._pool.submit(encode_with_crc, spec, data)

    def close(self) -> None:
        """Wait for what was submitted and end the threads."""
        self._pool.shutdown(wait=True)
