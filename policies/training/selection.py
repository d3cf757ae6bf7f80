"""Which episodes a policy learns from, whether they go together, and which are kept apart.

Refused with a sentence: no episode, one episode, other rigs, joints in another order, a camera that
is missing. The names of the first two episodes that differ are said.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from devices.clock import NS_PER_S
from devices.rig import Rig
from policies.data_account import TrainingError
from policies.policy_config import ConfigError, PolicyConfig
from policies.policy_layout import TRUTH_SUFFIX, PolicyLayout, differences, layout_of, resolved
from recorder.catalogue import Catalogue, EpisodeRow
from recorder.cleaning.place import CleanError
from recorder.cleaning.result import cleaned_info
from recorder.dataset import Dataset, companions
from recorder.episode import Episode, EpisodeError
from recorder.exporters.label_columns import EpisodeLabels, episode_labels
from recorder.finalise import file_sha256
from recorder.progress import ProgressMeter, Report, quiet


@dataclass(frozen=True)
class ChosenEpisode:
    """One episode to learn from.

    Attributes
    ----------
    number : int
    uuid : str
    path : Path
    start_s, stop_s : float
        What reviewers left of it, seconds after its first sample; half-open.
    sha256 : str
    """

    number: int
    uuid: str
    path: Path
    start_s: float
    stop_s: float
    sha256: str


@dataclass(frozen=True)
class ChosenEpisodes:
    """Episodes to learn from and what they have in common.

    Attributes
    ----------
    config : PolicyConfig
        With everything automatic written out.
    layout : PolicyLayout
    training, validation : tuple of ChosenEpisode
    left_out : mapping
        Number to why.
    hash : str
        Of the episodes and their labels.
    """

    config: PolicyConfig
    layout: PolicyLayout
    training: tuple[ChosenEpisode, ...]
    validation: tuple[ChosenEpisode, ...]
    left_out: dict[int, str]
    hash: str


def choose_episodes(
    dataset: Dataset, task: str, config: PolicyConfig, report: Report = quiet
) -> ChosenEpisodes:
    """Choose, compare and split the episodes of a task; no pictures are read.

    Parameters
    ----------
    dataset : Dataset
    task : str
        Only episodes of it; empty for all.
    config : PolicyConfig
    report : callable
        Receives progress.

    Raises
    ------
    TrainingError
        Too few episodes, or some that do not go together.
    """
    rows = [row for row in Catalogue(dataset).rows() if task in ("", row.task)]
    if not rows:
        raise TrainingError(_no_episodes(dataset, task))
    left_out: dict[int, str] = {}
    chosen: list[ChosenEpisode] = []
    first: tuple[int, PolicyLayout, PolicyConfig] | None = None
    digest = hashlib.sha256()
    meter = ProgressMeter(len(rows), report)
    for row in rows:
        labels = episode_labels(dataset, row.uuid, row.outcome)
        reason = _left_out(labels, config)
        if reason:
            left_out[row.number] = reason
        else:
            path = dataset.root / row.path
            first = _together(path, row, dataset, config, first)
            chosen.append(_chosen(path, row, labels))
            said = [row.number, row.uuid, chosen[-1].sha256, labels.as_dict()]
            digest.update(json.dumps(said, sort_keys=True).encode())
        meter.advance(1, f"looking at episode {row.number}")
    if first is None:
        number, reason = next(iter(left_out.items()))
        raise TrainingError(
            f"no episode of '{dataset.root}' is left to learn from (episode {number}: {reason}); "
            "choose other outcomes or record more"
        )
    if len(chosen) < 2:
        raise TrainingError(
            f"only episode {chosen[0].number} is there to learn from; a second one is needed to "
            "tell whether the policy learned or memorised, record more"
        )
    training, validation = _split(chosen, first[2])
    return ChosenEpisodes(first[2], first[1], training, validation, left_out, digest.hexdigest())


def _no_episodes(dataset: Dataset, task: str) -> str:
    tasks = sorted({row.task for row in Catalogue(dataset).rows() if row.task})
    if task and tasks:
        return (
            f"dataset '{dataset.root}' has no episode of task '{task}'; it has {', '.join(tasks)}"
        )
    return f"dataset '{dataset.root}' has no published episode; record some first"


def _left_out(labels: EpisodeLabels, config: PolicyConfig) -> str:
    if labels.problems:
        return f"its labels cannot be trusted: {labels.problems[0]}"
    if labels.state.rejected:
        return f"rejected: {labels.state.rejected}"
    if labels.rejection_disputed:
        return "reviewers differ on rejecting it"
    if labels.outcome not in config.outcomes:
        return f"outcome is {labels.outcome}"
    return ""


def _chosen(path: Path, row: EpisodeRow, labels: EpisodeLabels) -> ChosenEpisode:
    trim = labels.state.trim
    start_s, stop_s = 0.0, np.inf
    if trim is not None:
        start_s, stop_s = trim.start_ns / NS_PER_S, trim.stop_ns / NS_PER_S
    beside = companions(path)[0]
    sha256 = beside.read_text().split()[0] if beside.exists() else file_sha256(path)
    return ChosenEpisode(row.number, row.uuid, path, start_s, stop_s, sha256)


def _together(
    path: Path,
    row: EpisodeRow,
    dataset: Dataset,
    config: PolicyConfig,
    first: tuple[int, PolicyLayout, PolicyConfig] | None,
) -> tuple[int, PolicyLayout, PolicyConfig]:
    """Compare an episode with the first one, and what it has with what is asked for."""
    try:
        with Episode(path) as episode:
            rig = Rig.model_validate(episode.rig)
            layout = layout_of(rig, config if first is None else first[2])
            found = first or (row.number, layout, resolved(config, layout))
            said = differences(found[1], layout)
            if said:
                raise TrainingError(
                    f"episode {row.number} does not go with episode {found[0]}: {said[0]}"
                )
            _check_streams(episode, rig, row, found[1])
            _check_pictures(episode, dataset, row, found[2])
    except EpisodeError as error:
        raise TrainingError(f"episode {row.number} cannot be read: {error}") from None
    except ConfigError as error:
        raise TrainingError(f"episode {row.number}: {error}") from None
    except ValidationError as error:
        said = str(error.errors()[0]["msg"])
        raise TrainingError(
            f"episode {row.number} was recorded on a rig this program does not know: {said}"
        ) from None
    return found


def _check_streams(episode: Episode, rig: Rig, row: EpisodeRow, layout: PolicyLayout) -> None:
    for hand in rig.hands:
        for name in numeric_streams(layout, hand.side):
            stream = episode.streams.get(name)
            if stream is None or not len(stream):
                raise TrainingError(
                    f"episode {row.number} has no samples of '{name}'; leave it out or choose a "
                    "policy that does not see it"
                )
            if stream.spec.kind == "joints" and stream.spec.labels != hand.spec.names:
                at = _first_difference(stream.spec.labels, hand.spec.names)
                raise TrainingError(
                    f"episode {row.number}: the joints of '{name}' are in another order than the "
                    f"hand's: {at}; leave it out"
                )


def _first_difference(found: tuple[str, ...], known: tuple[str, ...]) -> str:
    for at, (mine, theirs) in enumerate(zip(found, known, strict=False)):
        if mine != theirs:
            return f"'{mine}' instead of '{theirs}' at place {at}"
    return f"{len(found)} instead of {len(known)}"


def _check_pictures(
    episode: Episode, dataset: Dataset, row: EpisodeRow, config: PolicyConfig
) -> None:
    for choice in (*(config.cameras or ()), *(config.visuotactile or ())):
        name = choice.stream + (TRUTH_SUFFIX if choice.source == "truth" else "")
        stream = episode.streams.get(name)
        if stream is None or not len(stream):
            raise TrainingError(
                f"episode {row.number} has no pictures of '{name}'; leave the camera or the "
                "episode out"
            )
        if choice.source == "cleaned":
            try:
                info = cleaned_info(dataset, row.uuid, choice.stream)
            except CleanError as error:
                raise TrainingError(f"episode {row.number}: {error}") from None
            if info is None or info.state == "redo":
                state = "was not cleaned yet" if info is None else "was sent back"
                raise TrainingError(
                    f"'{choice.stream}' of episode {row.number} {state}; run 'thenar clean "
                    f"{dataset.root} --camera {choice.stream}' first"
                )


def numeric_streams(layout: PolicyLayout, side: str) -> tuple[str, ...]:
    """Streams of numbers a policy of ``layout`` needs of the hand on ``side``."""
    quantities = ["joints_measured"]
    if layout.velocity:
        quantities.append("joints_velocity_measured")
    if layout.action == "sent":
        quantities.append("joints_sent")
    if any(pad.startswith(f"{side}_") for pad in layout.pads):
        quantities.append("fingertip_force")
        if layout.taxels_per_pad:
            quantities.append("taxels")
    return tuple(f"{side}/{quantity}" for quantity in quantities)


def _split(
    chosen: list[ChosenEpisode], config: PolicyConfig
) -> tuple[tuple[ChosenEpisode, ...], tuple[ChosenEpisode, ...]]:
    count = min(len(chosen) - 1, max(1, round(config.validation_share * len(chosen))))
    order = np.random.default_rng(config.split_seed).permutation(len(chosen))
    apart = {int(place) for place in order[:count]}
    training = tuple(one for place, one in enumerate(chosen) if place not in apart)
    return training, tuple(chosen[place] for place in sorted(apart))
