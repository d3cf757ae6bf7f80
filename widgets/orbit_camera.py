"""An orbiting camera: matrices for drawing, rays for picking.

World frame: z up, metres. Screen: pixels, origin top left, y down. The camera looks at ``target_m``
from ``distance_m`` away, at ``azimuth_rad`` about z (0 looks along +y) and ``elevation_rad`` above
the horizon. The shorter side of the screen sees ``FIELD_OF_VIEW_RAD``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIELD_OF_VIEW_RAD = np.deg2rad(35.0)
NEAR_M, FAR_M = 0.02, 20.0
DISTANCE_LIMITS_M = (0.15, 4.0)
ELEVATION_LIMITS_RAD = (-0.35, 1.5)
ORBIT_RAD_PER_PX = 0.008
ZOOM_PER_STEP = 0.88


class OrbitCamera:
    """Camera of the 3-D view."""

    def __init__(
        self,
        target_m: NDArray[np.float64],
        distance_m: float = 0.6,
        azimuth_rad: float = 0.35,
        elevation_rad: float = 0.3,
    ) -> None:
        self.target_m = np.array(target_m, float)
        self.distance_m = distance_m
        self.azimuth_rad = azimuth_rad
        self.elevation_rad = elevation_rad

    @property
    def axes(self) -> NDArray[np.float64]:
        """(3, 3) rows: right, up and backward (towards the viewer) in the world."""
        ca, sa = np.cos(self.azimuth_rad), np.sin(self.azimuth_rad)
        ce, se = np.cos(self.elevation_rad), np.sin(self.elevation_rad)
        right = np.array([ca, sa, 0.0])
        back = np.array([sa * ce, -ca * ce, se])
        return np.stack([right, np.cross(back, right), back])

    @property
    def position_m(self) -> NDArray[np.float64]:
        """(3,) where the camera is, metres."""
        return self.target_m + self.distance_m * self.axes[2]

    def view_matrix(self) -> NDArray[np.float64]:
        """(4, 4) world to camera."""
        axes = self.axes
        matrix = np.eye(4)
        matrix[:3, :3] = axes
        matrix[:3, 3] = -axes @ self.position_m
        return matrix

    def projection_matrix(
        self, width_px: float, height_px: float, shift_px: tuple[float, float] = (0.0, 0.0)
    ) -> NDArray[np.float64]:
        """(4, 4) camera to clip space, for a screen of this size.

        ``shift_px`` moves the picture right and down by a part of a pixel.
        """
        focal = 1.0 / np.tan(FIELD_OF_VIEW_RAD / 2)
        span = NEAR_M - FAR_M
        least_px = min(width_px, height_px)
        matrix = np.zeros((4, 4))
        matrix[0, 0] = focal * least_px / width_px
        matrix[1, 1] = focal * least_px / height_px
        matrix[0, 2] = -2 * shift_px[0] / width_px
        matrix[1, 2] = 2 * shift_px[1] / height_px
        matrix[2, 2], matrix[2, 3] = (FAR_M + NEAR_M) / span, 2 * FAR_M * NEAR_M / span
        matrix[3, 2] = -1.0
        return matrix

    def ray(
        self, x_px: float, y_px: float, width_px: float, height_px: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Origin (3,) in metres and unit direction (3,) of the ray through a pixel."""
        half = np.tan(FIELD_OF_VIEW_RAD / 2) / min(width_px, height_px)
        right, up, back = self.axes
        across = (2 * x_px - width_px) * half
        upward = (height_px - 2 * y_px) * half
        direction = right * across + up * upward - back
        return self.position_m, direction / np.linalg.norm(direction)

    def project(
        self, points_m: NDArray[np.float64], width_px: float, height_px: float
    ) -> NDArray[np.float64]:
        """Pixels (N, 2) of world points (N, 3); points behind the camera give far-away pixels."""
        local = (np.atleast_2d(points_m) - self.position_m) @ self.axes.T
        depth = np.maximum(-local[:, 2], 1e-6)
        focal_px = min(width_px, height_px) / 2 / np.tan(FIELD_OF_VIEW_RAD / 2)
        x = width_px / 2 + local[:, 0] / depth * focal_px
        y = height_px / 2 - local[:, 1] / depth * focal_px
        return np.stack([x, y], axis=1)

    def on_plane(
        self,
        x_px: float,
        y_px: float,
        width_px: float,
        height_px: float,
        through_m: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """World point (3,) under a pixel, in the plane that faces the camera at ``through_m``."""
        origin, direction = self.ray(x_px, y_px, width_px, height_px)
        back = self.axes[2]
        return origin + direction * float((through_m - origin) @ back / (direction @ back))

    def orbit(self, dx_px: float, dy_px: float) -> None:
        """Turn as a mouse drag of this many pixels asks for."""
        self.azimuth_rad -= dx_px * ORBIT_RAD_PER_PX
        self.elevation_rad = float(
            np.clip(self.elevation_rad + dy_px * ORBIT_RAD_PER_PX, *ELEVATION_LIMITS_RAD)
        )

    def zoom(self, steps: float) -> None:
        """Come nearer by ``steps`` clicks of the wheel."""
        self.distance_m = float(np.clip(self.distance_m * ZOOM_PER_STEP**steps, *DISTANCE_LIMITS_M))
