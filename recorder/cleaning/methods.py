"""How masks and fillers are made from the names in the parameters.

``Methods`` holds the two functions, so that whoever calls can put others in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, MaskTrack
from recorder.cleaning.clips import EpisodeClip
from recorder.cleaning.drawn import load_drawn
from recorder.cleaning.facts import PluginFacts
from recorder.cleaning.layers import Filler
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.place import ResultPlace
from recorder.dataset import Dataset
from recorder.episode import Episode
from recorder.progress import Report

PLUGIN = "plugin:"


@dataclass(frozen=True)
class CleanSource:
    """What is cleaned.

    Attributes
    ----------
    dataset : Dataset
    episode : Episode
        Open.
    clip : EpisodeClip
    params : CleanParameters
    masks_from : Path or None
        Masks that were made elsewhere: a video or a folder of pictures.
    """

    dataset: Dataset
    episode: Episode
    clip: EpisodeClip
    params: CleanParameters
    masks_from: Path | None = None

    @property
    def place(self) -> ResultPlace:
        """Where the result goes."""
        return ResultPlace(self.dataset, str(self.episode.attributes["uuid"]), self.params.camera)


MaskMaker = Callable[[CleanSource, Report], MaskTrack]
FillerMaker = Callable[[CleanSource, MaskTrack], Filler]


def make_masks(source: CleanSource, report: Report) -> MaskTrack:
    """Masks as ``params.masks`` says.

    Raises
    ------
    CleanError
        The name is unknown, or what it needs is missing.
    """
    masks, clip = source.params.masks, source.clip
    if masks.startswith(PLUGIN):
        from recorder.cleaning.plugins.loading import plugin_masks

        return plugin_masks(source, masks.removeprefix(PLUGIN), report)
    if masks == "imported":
        from recorder.cleaning.masks.imported import imported_masks

        if source.masks_from is None:
            raise CleanError("imported masks need a video or a folder; name it with --masks PATH")
        return imported_masks(source.masks_from, clip, report=report)
    if masks == "automatic" and clip.mode == "moving":  # nothing stands to compare with
        drawn = load_drawn(source.place)
        if not drawn:
            raise CleanError(
                f"'{clip.name}' is carried about, so the operator cannot be told from a still "
                "scene; draw the operator on a few pictures, or import masks"
            )
        masks = "keyframes"
    if masks == "automatic":
        from recorder.cleaning.masks.automatic import automatic_masks

        drawn = load_drawn(source.place)
        return automatic_masks(clip, source.params, _silhouette(source), drawn, report)
    if masks == "keyframes":
        from recorder.cleaning.masks.propagate import keyframe_masks

        drawn = load_drawn(source.place)
        if not drawn:
            raise CleanError(
                f"nothing was drawn on '{clip.name}' of '{source.episode.path.name}' yet; draw the "
                "operator on a picture, or choose automatic masks"
            )
        return keyframe_masks(clip, drawn, source.params, report)
    raise CleanError(
        f"masks '{masks}' are unknown; choose automatic, keyframes, imported or plugin:<id>"
    )


def make_filler(source: CleanSource, masks: MaskTrack) -> Filler:
    """Filler as ``params.filler`` says; raises ``CleanError`` when there is none of the name."""
    filler = source.params.filler
    if filler.startswith(PLUGIN):
        from recorder.cleaning.plugins.loading import plugin_filler

        return plugin_filler(source, filler.removeprefix(PLUGIN), masks)
    if filler == "layers":
        from recorder.cleaning.layered import LayeredFiller

        return LayeredFiller(source.clip, masks, source.params)
    raise CleanError(f"filler '{filler}' is unknown; choose layers or plugin:<id>")


def plugins_of(dataset: Dataset, params: CleanParameters) -> tuple[PluginFacts, ...]:
    """Plug-ins the parameters name, checked and with their licence accepted.

    Raises
    ------
    CleanError
        One is missing, changed, or its licence was not accepted.
    """
    named = [("mask", params.masks), ("fill", params.filler)]
    ids = [(task, name.removeprefix(PLUGIN)) for task, name in named if name.startswith(PLUGIN)]
    if not ids:
        return ()
    from recorder.cleaning.plugins.loading import plugin_facts

    return tuple(plugin_facts(dataset, plugin, task) for task, plugin in ids)


def _silhouette(source: CleanSource) -> Callable[[int], NDArray[np.bool_] | None] | None:
    """Robot pixels by picture; None without calibration or joints."""
    clip = source.clip
    if clip.geometry is None or not clip.joints:
        return None
    from recorder.cleaning.silhouette import RobotSilhouette

    robot = RobotSilhouette(source.episode.rig, clip.geometry, clip.size)

    def mask(index: int) -> NDArray[np.bool_]:
        return robot.mask({side: joints[index] for side, joints in clip.joints.items()})

    return mask


@dataclass(frozen=True)
class Methods:
    """The functions that make masks and filler."""

    masks: MaskMaker = make_masks
    filler: FillerMaker = make_filler
