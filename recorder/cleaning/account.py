"""What is to be said about a cleaned video: shares by layer, and a sentence for every doubt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import MaskTrack
from recorder.cleaning.layers import RESIDUE_WARNS, Filled, FillFacts, Layer
from recorder.cleaning.methods import CleanSource

FULL_SHARE = 0.95  # of a picture; more than this shows next to nothing of the scene


class Account:
    """Counts while pictures are filled.

    Parameters
    ----------
    source : CleanSource
    masks : MaskTrack
        Its ``warnings`` are taken over when it has any.
    filling : FillFacts
        What the filler found when it looked through the clip.
    """

    def __init__(self, source: CleanSource, masks: MaskTrack, filling: FillFacts) -> None:
        self._source = source
        self._filling = filling
        self._said = [*getattr(masks, "warnings", ()), *filling.warnings]
        self._layers = np.zeros(len(Layer), np.int64)
        self._masked = 0
        self._empty = 0
        self._full: list[int] = []
        self._unsure: list[tuple[float, int]] = []
        self._worst_residue = (0.0, 0)
        self._count = 0

    def add(self, index: int, filled: Filled, mask: NDArray[np.bool_], confidence: float) -> None:
        """Count one picture."""
        self._count += 1
        self._layers += np.bincount(filled.layers.ravel(), minlength=len(Layer))[: len(Layer)]
        self._masked += filled.masked
        share = filled.masked / mask.size
        if not mask.any():
            self._empty += 1
        if share >= FULL_SHARE:
            self._full.append(index)
        if confidence < self._source.params.rekey_below:
            self._unsure.append((confidence, index))
        self._worst_residue = max(self._worst_residue, (filled.residue_share, -index))

    @property
    def residue_share(self) -> float:
        """Share of all filled pixels that were guessed."""
        return int(self._layers[Layer.RESIDUE]) / self._masked if self._masked else 0.0

    def figures(self) -> dict[str, float]:
        """Figures worth storing; shares are of the filled pixels."""
        pixels = self._count * self._source.clip.size[0] * self._source.clip.size[1]
        figures = {f"filler_{name}": float(value) for name, value in self._filling.figures.items()}
        for layer in Layer:
            if layer is not Layer.RECORDED:
                share = int(self._layers[layer]) / self._masked if self._masked else 0.0
                figures[f"share_{layer.name.lower()}"] = round(share, 6)
        return figures | {
            "masked_share": round(self._masked / pixels, 6) if pixels else 0.0,
            "pictures_without_operator": float(self._empty),
            "pictures_unsure": float(len(self._unsure)),
            "residue_worst": round(self._worst_residue[0], 6),
            "residue_worst_picture": float(-self._worst_residue[1]),
        }

    def warnings(self) -> tuple[str, ...]:
        """One sentence for every doubt, none twice."""
        said = [*self._said, *self._of_masks(), *self._of_filling()]
        return tuple(dict.fromkeys(said))

    def _of_masks(self) -> list[str]:
        said = []
        told = any("no operator was found" in one for one in self._said)
        if self._empty == self._count and not told:
            said.append(
                "no operator was found in any picture, so the pictures are as recorded; draw the "
                "operator in one of them if this is wrong"
            )
        if self._full:
            said.append(
                f"the mask covers nearly all of {_pictures(len(self._full))} (first: "
                f"{self._full[0]}), where next to nothing of the scene is left"
            )
        if self._unsure:
            worst, at = min(self._unsure)
            are = "is" if len(self._unsure) == 1 else "are"
            said.append(
                f"{len(self._unsure)} of {self._count} masks {are} unsure (least sure: picture "
                f"{at}, {worst:.2f}); draw the operator there again"
            )
        return said

    def _of_filling(self) -> list[str]:
        said = []
        clip = self._source.clip
        if clip.count == 1:
            said.append("there is only one picture, so what the operator hid was never seen")
        missing = clip.geometry is None and clip.joints
        if missing and not any("calibrat" in one for one in self._said):
            said.append(
                f"camera '{clip.name}' has no calibration, so the robot was told by its looks only"
            )
        if self.residue_share > RESIDUE_WARNS:
            picture = -self._worst_residue[1]
            said.append(
                f"{100 * self.residue_share:.1f} % of what was hidden was guessed from its "
                f"surroundings (more than {100 * RESIDUE_WARNS:g} %; most in picture {picture}); "
                "look at the result"
            )
        return said


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
