"""What Clean knows of a dataset: its episodes, their cleanings and choices.

Cleanings are looked at a few at a time (``look``), so that ten thousand of them never stop the
window; a file that did not change is not opened again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recorder.catalogue import Catalogue, EpisodeRow
from recorder.cleaning.choices import choices_path, forget_choices, load_choices, save_choices
from recorder.cleaning.clip import CleanError
from recorder.cleaning.currency import outdated
from recorder.cleaning.drawn import drawn_digest, drawn_path, load_drawn, load_steps, save_drawn
from recorder.cleaning.failures import failure_of
from recorder.cleaning.parameters import CleanParameters, ParameterSource
from recorder.cleaning.place import ResultPlace
from recorder.cleaning.result import CleanedInfo, cleaned_info
from recorder.cleaning.verdict import CleanState, say
from recorder.dataset import Dataset
from recorder.episode import Episode, EpisodeError
from widgets.clean.episode_rows import CleanRow
from widgets.clean.sketch import Sketch

Stamp = tuple[int, ...]
TRUTH_STREAMS = ("_without_operator", "_mask")  # what the simulator knows, not what is cleaned


class CleanDesk:
    """Cleanings of one camera of a dataset.

    Parameters
    ----------
    dataset : Dataset
    who : str
        Pseudonym that verdicts are given under.
    """

    def __init__(self, dataset: Dataset, who: str) -> None:
        self.dataset, self.who = dataset, who
        self.camera = "front/rgb"
        self.cameras: list[str] = []
        self.episodes: list[EpisodeRow] = []
        self.rows: dict[str, CleanRow] = {}
        self._catalogue: Catalogue | None = None
        self._loaded = False
        self._revision: tuple[int, int] | None = None
        self._by_uuid: dict[str, EpisodeRow] = {}
        self._stamps: dict[str, Stamp] = {}
        self._round: Iterator[EpisodeRow] = iter(())

    def load(self) -> bool:
        """Read the catalogue again if it changed; True when other episodes are there than before.

        Raises
        ------
        OSError
            It cannot be read.
        """
        if self._catalogue is None:
            self._catalogue = Catalogue(self.dataset)
        revision = self._catalogue.revision()
        if self._loaded and revision in (None, self._revision):
            return False
        self._loaded, self._revision = True, revision
        found = sorted(self._catalogue.rows(), key=lambda row: row.number)
        if [row.uuid for row in found] == [row.uuid for row in self.episodes] and self.cameras:
            return False
        self.episodes = found
        self._by_uuid = {row.uuid: row for row in found}
        if not self.cameras:
            self.cameras = self._find_cameras()
            if self.cameras and self.camera not in self.cameras:
                self.camera = self.cameras[0]
        self.rows = {row.uuid: self.rows.get(row.uuid) or _row(row) for row in found}
        self._round = iter(())
        return True

    def _find_cameras(self) -> list[str]:
        """Cameras of one readable episode of every rig, and of the newest one."""
        found: dict[str, None] = {}
        rigs: set[str] = set()
        for row in (*self.episodes[-1:], *self.episodes):
            if row.rig in rigs:
                continue
            try:
                with Episode(self.path_of(row.uuid)) as episode:
                    kinds = {name: one.spec.kind for name, one in episode.streams.items()}
            except (EpisodeError, OSError):
                continue
            if row is not self.episodes[-1]:
                rigs.add(row.rig)
            for name, kind in kinds.items():
                if kind == "image" and not name.endswith(TRUTH_STREAMS):
                    found.setdefault(name)
        return list(found)

    def set_camera(self, camera: str) -> None:
        """Look at another camera."""
        self.camera = camera
        self._stamps.clear()
        self.rows = {row.uuid: _row(row) for row in self.episodes}
        self._round = iter(())

    def episode(self, uuid: str) -> EpisodeRow:
        """What the catalogue knows of an episode; raises ``KeyError``."""
        return self._by_uuid[uuid]

    def path_of(self, uuid: str) -> Path:
        """Episode file."""
        return self.dataset.root / self.episode(uuid).path

    def place(self, uuid: str) -> ResultPlace:
        """Files of the cleaning of an episode."""
        return ResultPlace(self.dataset, uuid, self.camera)

    def stamp(self, uuid: str) -> Stamp:
        """Changes with every new result, failure, verdict, drawing, and saved choice."""
        place = self.place(uuid)
        stamps: list[int] = []
        drawn, choices = drawn_path(place), choices_path(self.dataset)
        for path in (place.path, place.journal, place.failure, drawn, choices):
            try:
                found = path.stat()
            except OSError:
                stamps += [0, 0]
            else:
                stamps += [found.st_mtime_ns, found.st_size]
        return tuple(stamps)

    def look(self, budget_s: float) -> list[CleanRow]:
        """Look at some cleanings, those after the last ones; returns the rows that changed."""
        until = time.monotonic() + budget_s
        changed: list[CleanRow] = []
        for _ in range(len(self.episodes)):
            episode = next(self._round, None)
            if episode is None:
                self._round = iter(self.episodes)
                episode = next(self._round)
            row = self.look_at(episode.uuid)
            if row is not None:
                changed.append(row)
            if time.monotonic() > until:
                break
        return changed

    def look_at(self, uuid: str) -> CleanRow | None:
        """The row of one episode when it changed, else None."""
        stamp = self.stamp(uuid)
        if self._stamps.get(uuid) == stamp:
            return None
        self._stamps[uuid] = stamp
        row = self._read(self.episode(uuid))
        self.rows[uuid] = row
        return row

    def _read(self, episode: EpisodeRow) -> CleanRow:
        failure = failure_of(self.dataset, episode.uuid, self.camera)
        try:
            info = cleaned_info(self.dataset, episode.uuid, self.camera)
        except CleanError as error:
            return _row(episode, state="failed", error=str(error))
        if info is None and failure is not None:
            return _row(episode, state="failed", error=failure.error)
        if info is None:
            return _row(episode, state="none")
        again = () if failure is None else (f"Cleaning it again failed: {failure.error}.",)
        return _row(
            episode,
            state=info.state,
            warnings=(*again, *self._outdated(info), *dict.fromkeys(info.facts.warnings)),
            residue=info.facts.figures.get("share_residue"),
        )

    def _outdated(self, info: CleanedInfo) -> tuple[str, ...]:
        """Why a cleaning is not what the next run would make."""
        try:
            params, _ = self.parameters(info.uuid)
            drawn = drawn_digest(load_drawn(self.place(info.uuid)))
        except (CleanError, KeyError):
            return ()
        return tuple(f"This result is {why}." for why in outdated(info.facts, params, drawn))

    def info(self, uuid: str) -> CleanedInfo | None:
        """The cleaning of an episode; None for none; raises ``CleanError``."""
        return cleaned_info(self.dataset, uuid, self.camera)

    def judge(self, uuid: str, state: CleanState) -> CleanRow | None:
        """Accept a cleaning, send it back, or take that back (``proposed``).

        Raises
        ------
        CleanError
            The episode was never cleaned, or the verdict cannot be written.
        """
        info = self.info(uuid)
        if info is None:
            raise CleanError("this episode is not cleaned yet; clean it first")
        say(self.place(uuid), info.digest, state, self.who)
        return self.look_at(uuid)

    def parameters(self, uuid: str) -> tuple[CleanParameters, ParameterSource]:
        """Choices for the camera and the task of an episode; raises ``CleanError``."""
        return load_choices(self.dataset).parameters(self.camera, self.episode(uuid).task)

    def save_parameters(self, params: CleanParameters, task: str) -> None:
        """Keep choices for the camera, or for the camera in a task."""
        save_choices(self.dataset, params, task)

    def forget_parameters(self, task: str) -> None:
        """Forget the choices for the camera, or for the camera in a task."""
        forget_choices(self.dataset, self.camera, task)

    def sketch(self, uuid: str) -> Sketch:
        """What was drawn on an episode, with the way back; raises ``CleanError``."""
        place = self.place(uuid)
        return Sketch(load_drawn(place), *load_steps(place))

    def save_sketch(self, uuid: str, sketch: Sketch) -> None:
        """Keep what was drawn."""
        save_drawn(self.place(uuid), sketch.keyframes, sketch.back, sketch.forth)


def _row(episode: EpisodeRow, **fields: Any) -> CleanRow:
    return CleanRow(episode.uuid, episode.number, episode.task, **fields)
