"""What the camera behind a gel fingertip sees: relief, coloured light, moving marker dots.

A relief (how far something presses into the gel) becomes a picture in four steps: the gel's skin
spans smoothly between the pressed places (repeated smoothing that keeps those places fixed),
slopes become surface normals, three coloured lights at 120 degrees turn normals into colour, and
a grid of dots shifts with shear and with the slopes. Without contact the picture is exactly
``reference``, so a difference view shows contact and nothing else.

Picture frame: row 0 is the distal edge of the pad (+x of the pad frame), columns run towards +y,
as seen from behind the gel. Pixels are square.
"""

from __future__ import annotations

import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

RELIEF_SCALE = 2  # reliefs are computed at half of the picture's resolution: the skin is smooth
SMOOTHING_PX = (25, 11, 5)  # kernel sizes at relief resolution, wide to narrow
LIGHT_AZIMUTH_DEG = (90.0, 210.0, 330.0)  # red from the distal edge, green and blue from below
LIGHT_ELEVATION_DEG = 38.0
LIGHT_GAIN = 125.0  # grey levels per unit of cosine
SLOPE_GAIN = 1.6  # the skin shows slopes a little steeper than they are
BASE_LEVEL = 104.0
TINT_LEVEL = 46.0
VIGNETTE = 0.30
DOT_SPACING_PX = 26
DOT_RADIUS_PX = 2.6
DOT_DARKNESS = 0.72
SHEAR_PX_PER_N = 7.0
SHEAR_MAX_PX = 18.0
DRAG_PX = 30.0  # how far around the pressed place the skin is dragged along
SPREAD_PX = 5.0  # dots move down the slopes by this much per unit of slope
NO_CONTACT_M = 2e-5  # shallower reliefs are below what such a sensor resolves


class Gel:
    """One gel fingertip's picture. One thread only: it reuses its work space.

    Parameters
    ----------
    width, height : int
        Size of the picture in pixels, both even.
    length_m, breadth_m : float
        Size of the pad along x (distal) and y.
    name : str
        Makes each fingertip's background slightly its own, and always the same.
    """

    def __init__(
        self, width: int, height: int, length_m: float, breadth_m: float, name: str = ""
    ) -> None:
        self.width, self.height = width, height
        self.pixel_m = max(length_m / height, breadth_m / width)
        self._base = _background(width, height, np.random.default_rng(zlib.crc32(name.encode())))
        self._dots = _dots(width, height)
        self._lights = _lights()
        self._flat = LIGHT_GAIN * self._lights[2]
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        self._rows, self._columns = rows, columns
        self.reference: NDArray[np.uint8] = self._compose(self._base, self._dots)
        half = (height // RELIEF_SCALE, width // RELIEF_SCALE)
        step = self.pixel_m * RELIEF_SCALE
        x = -(np.arange(half[0]) - (half[0] - 1) / 2) * step
        y = (np.arange(half[1]) - (half[1] - 1) / 2) * step
        self.grid_x_m: NDArray[np.float32] = np.repeat(x[:, None], half[1], 1).astype(np.float32)
        self.grid_y_m: NDArray[np.float32] = np.repeat(y[None, :], half[0], 0).astype(np.float32)

    def draw(
        self,
        relief_m: NDArray[np.float32] | None,
        shear_n: tuple[float, float],
        out: NDArray[np.uint8],
    ) -> None:
        """Draw the picture.

        Parameters
        ----------
        relief_m : (H/2, W/2) float32 array or None
            Depth in metres to which each place is pressed, 0 where nothing touches, on the grid
            ``grid_x_m``, ``grid_y_m``. None without contact.
        shear_n : tuple of float
            Tangential force along x and y of the pad frame, newtons.
        out : (H, W, 3) uint8 array
            Receives the picture.
        """
        if relief_m is None or float(relief_m.max()) < NO_CONTACT_M:
            np.copyto(out, self.reference)
            return
        skin = _stretch_skin(relief_m)
        step = self.pixel_m * RELIEF_SCALE
        slope_column = cv2.Sobel(skin, cv2.CV_32F, 1, 0, ksize=3, scale=SLOPE_GAIN / (8 * step))
        slope_row = cv2.Sobel(skin, cv2.CV_32F, 0, 1, ksize=3, scale=SLOPE_GAIN / (8 * step))
        light = self._shade(slope_row, slope_column)
        size = (self.width, self.height)
        light = cv2.resize(light, size, interpolation=cv2.INTER_LINEAR)
        dots = self._move_dots(skin, slope_row, slope_column, shear_n)
        np.copyto(out, self._compose(self._base + light, dots))

    def _shade(self, slope_row: NDArray, slope_column: NDArray) -> NDArray[np.float32]:
        """Change of colour against the flat gel, ``(h, w, 3)`` grey levels."""
        normal = np.empty((*slope_row.shape, 3), np.float32)
        normal[..., 0] = slope_column
        normal[..., 1] = -slope_row
        normal[..., 2] = 1.0
        normal /= np.sqrt(slope_row * slope_row + slope_column * slope_column + 1)[..., None]
        return np.maximum(normal @ (LIGHT_GAIN * self._lights), 0) - self._flat

    def _move_dots(
        self,
        skin: NDArray,
        slope_row: NDArray,
        slope_column: NDArray,
        shear_n: tuple[float, float],
    ) -> NDArray:
        pull = np.array((-shear_n[0], shear_n[1])) * SHEAR_PX_PER_N  # row, column
        size = float(np.hypot(*pull))
        if size > SHEAR_MAX_PX:
            pull *= SHEAR_MAX_PX / size
        rows, columns = skin.shape
        weight = cv2.resize(skin, (columns // 4, rows // 4), interpolation=cv2.INTER_AREA)
        weight = cv2.GaussianBlur(weight, (0, 0), DRAG_PX / (4 * RELIEF_SCALE))
        weight = cv2.resize(weight, (columns, rows), interpolation=cv2.INTER_LINEAR)
        weight /= max(float(weight.max()), 1e-9)
        shift = np.empty((*skin.shape, 2), np.float32)
        shift[..., 0] = pull[1] * weight - SPREAD_PX * slope_column
        shift[..., 1] = pull[0] * weight - SPREAD_PX * slope_row
        shift = cv2.resize(shift, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        return cv2.remap(
            self._dots, self._columns - shift[..., 0], self._rows - shift[..., 1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT, borderValue=0.0,
        )  # fmt: skip

    def _compose(self, lit: NDArray, dots: NDArray) -> NDArray[np.uint8]:
        dimmed = lit * (1 - DOT_DARKNESS * dots)[..., None]
        return np.clip(dimmed + 0.5, 0, 255).astype(np.uint8)


def _stretch_skin(relief_m: NDArray[np.float32]) -> NDArray:
    """Span the skin from the pressed places, which stay where they are, to the rest."""
    pressed = relief_m > 0
    skin = relief_m
    for size in SMOOTHING_PX:
        skin = np.where(pressed, relief_m, cv2.GaussianBlur(skin, (size, size), 0))
    return cv2.GaussianBlur(skin, (3, 3), 0)


def _lights() -> NDArray[np.float32]:
    """Light directions as columns (column axis, up the rows, out of the gel) for red, green, blue.

    A pressed place slopes down into the gel as seen from outside, so light falls on the far wall.
    """
    azimuth = np.radians(LIGHT_AZIMUTH_DEG)
    elevation = np.radians(LIGHT_ELEVATION_DEG)
    return np.stack(
        [
            np.cos(azimuth) * np.cos(elevation),
            np.sin(azimuth) * np.cos(elevation),
            np.full(3, np.sin(elevation)),
        ]
    ).astype(np.float32)


def _background(width: int, height: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The lit gel without dots: a colour from each side, darker corners, faint unevenness."""
    v, u = np.meshgrid(np.linspace(1, -1, height), np.linspace(-1, 1, width), indexing="ij")
    picture = np.empty((height, width, 3), np.float32)
    levels = BASE_LEVEL + rng.uniform(-5, 5, 3)
    for channel, azimuth in enumerate(np.radians(LIGHT_AZIMUTH_DEG)):
        side = np.cos(azimuth) * u * 0.8 + np.sin(azimuth) * v
        picture[..., channel] = levels[channel] + TINT_LEVEL * side
    picture *= (1 - VIGNETTE * (0.5 * (u * u + v * v)) ** 1.5)[..., None]
    uneven = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 14)
    picture += (3.0 * uneven / max(float(np.abs(uneven).max()), 1e-9))[..., None]
    return np.ascontiguousarray(picture)


def _dots(width: int, height: int) -> NDArray[np.float32]:
    """Coverage (0..1) of the marker dots, drawn four times larger and averaged."""
    fine = np.zeros((height * 4, width * 4), np.uint8)
    spare_x = (width % DOT_SPACING_PX + DOT_SPACING_PX) // 2
    spare_y = (height % DOT_SPACING_PX + DOT_SPACING_PX) // 2
    for y in range(spare_y, height - DOT_SPACING_PX // 4, DOT_SPACING_PX):
        for x in range(spare_x, width - DOT_SPACING_PX // 4, DOT_SPACING_PX):
            cv2.circle(fine, (4 * x, 4 * y), round(4 * DOT_RADIUS_PX), 255, -1)
    small = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / np.float32(255)
