"""Clean one camera of one episode: masks, filler, and the result beside the raw episode.

The same episode, parameters and program give the same bytes, wherever and in which order the work
is done. Left half-way (cancelled, killed, an error), nothing of it remains.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2

from recorder.cleaning.account import Account
from recorder.cleaning.clip import CleanError, MaskTrack
from recorder.cleaning.clips import EpisodeClip, episode_clip
from recorder.cleaning.drawn import drawn_digest, load_drawn
from recorder.cleaning.facts import CleanedFacts, PictureFormat, cleaning_key
from recorder.cleaning.layers import Filler, FillFacts
from recorder.cleaning.methods import CleanSource, Methods, plugins_of
from recorder.cleaning.parameters import CleanParameters, ParameterSource
from recorder.cleaning.place import ResultPlace
from recorder.cleaning.result import CleanedInfo, cleaned_info
from recorder.cleaning.result_writer import ResultWriter
from recorder.cleaning.robot_replay import UNSEEN, ReplayEpisode, attach_replay, find_replay
from recorder.dataset import Dataset, companions
from recorder.episode import Episode
from recorder.exporters.manifest import digest_of
from recorder.header import software_version
from recorder.progress import Progress, Report, quiet

MASKS_SHARE, PREPARE_SHARE = 0.35, 0.15  # of the time of an episode, measured; the rest is filling


@dataclass(frozen=True)
class CleanOptions:
    """What is not a parameter of the method.

    Attributes
    ----------
    parameter_source : str
        Where the parameters came from; stored with the result.
    pictures : str
        ``jpeg`` or ``png``.
    masks_from : Path or None
        Imported masks.
    again : bool
        Clean although there is a result of the same choices.
    who : str
        For the journal.
    methods : Methods
    """

    parameter_source: ParameterSource = "default"
    pictures: PictureFormat = "jpeg"
    masks_from: Path | None = None
    again: bool = False
    who: str = ""
    methods: Methods = Methods()


def clean_episode(
    dataset: Dataset,
    path: Path | str,
    params: CleanParameters,
    report: Report = quiet,
    options: CleanOptions = CleanOptions(),
) -> CleanedInfo:
    """Clean one camera of an episode and store the result beside it.

    Parameters
    ----------
    dataset : Dataset
        Where results go.
    path : Path or str
        Episode file, or the identity of a published episode.
    params : CleanParameters
    report : callable
        Receives progress in pictures; may raise ``Cancelled``, which leaves nothing.
    options : CleanOptions

    Returns
    -------
    CleanedInfo
        Of a result made before when it has the same choices and was not sent back.

    Raises
    ------
    CleanError
        It cannot be cleaned; one sentence with the way out.
    EpisodeError
        The file is no episode.
    """
    cv2.setNumThreads(1)
    cv2.setRNGSeed(0)
    file = _file_of(dataset, path)
    with Episode(file) as episode, episode_clip(episode, params.camera, params.mode) as clip:
        uuid = str(episode.attributes["uuid"])
        place = ResultPlace(dataset, uuid, params.camera)
        replay = _replay_of(dataset, episode, clip, params)
        facts = _begin(
            dataset, file, uuid, params, options, clip.size, clip.count, clip.mode, replay
        )
        if not options.again:
            before = finished(dataset, uuid, params.camera, facts.key)
            if before is not None:
                report(Progress(clip.count, clip.count, "finished before", 0.0))
                return before
        unfit = attach_replay(clip, replay) if replay is not None else ""
        source = CleanSource(dataset, episode, clip, params, options.masks_from)
        stages = _Stages(clip.count, report)
        with (
            place.alone(),
            ResultWriter(place, options.pictures) as writer,
            contextlib.ExitStack() as closing,
        ):
            masks = options.methods.masks(source, stages.part("masks", MASKS_SHARE))
            _check_masks(masks, clip.count, clip.name)
            filler = options.methods.filler(source, masks)
            close = getattr(filler, "close", None)
            if close is not None:
                closing.callback(close)
            filling = filler.prepare(stages.part("looking through the pictures", PREPARE_SHARE))
            account = _fill(source, masks, filler, filling, writer, stages)
            stream = episode.stream(params.camera)
            facts = facts.model_copy(
                update={
                    "warnings": (*account.warnings(), *([unfit] if unfit else [])),
                    "figures": account.figures(),
                    "replay": unfit or _told_replay(replay, filling),
                }
            )
            return writer.finish(facts, stream.stamp_ns, stream.seq, options.who)


def finished(dataset: Dataset, uuid: str, camera: str, key: str) -> CleanedInfo | None:
    """The result made with ``key``, unless it was sent back; None for none or a damaged one."""
    try:
        info = cleaned_info(dataset, uuid, camera)
    except CleanError:
        return None
    if info is None or info.facts.key != key or info.state == "redo":
        return None
    return info


def source_sha256(path: Path) -> str:
    """Checksum published beside an episode; computed where it is missing."""
    beside = companions(path)[0]
    if beside.exists():
        words = beside.read_text(errors="replace").split()
        if words:
            return words[0]
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_of(dataset: Dataset, path: Path | str) -> Path:
    if isinstance(path, Path) or path.endswith(".h5"):
        return Path(path)
    from recorder.catalogue import Catalogue

    for row in Catalogue(dataset).rows():
        if row.uuid == path:
            return dataset.root / row.path
    raise CleanError(f"dataset '{dataset.root}' has no published episode '{path}'")


def _begin(
    dataset: Dataset,
    file: Path,
    uuid: str,
    params: CleanParameters,
    options: CleanOptions,
    size: tuple[int, int],
    count: int,
    mode: str,
    replay: ReplayEpisode | None,
) -> CleanedFacts:
    plugins = plugins_of(dataset, params)
    sha256 = source_sha256(file)
    masks = None
    if params.masks == "imported" and options.masks_from is not None:
        if not options.masks_from.exists():
            raise CleanError(f"masks '{options.masks_from}' do not exist")
        masks = digest_of(options.masks_from)[1]
    drawn = drawn_digest(load_drawn(ResultPlace(dataset, uuid, params.camera)))
    key = cleaning_key(
        {
            "parameters": params.model_dump(mode="json"),
            "pictures": options.pictures,
            "plugins": [plugin.model_dump() for plugin in plugins],
            "masks": masks,
            "drawn": drawn,
            "source": sha256,
            "program": software_version(),
        }
        | ({"replay": source_sha256(replay.path)} if replay is not None else {})
    )
    return CleanedFacts.model_validate(
        {
            "parameters": params,
            "parameter_source": options.parameter_source,
            "program": software_version(),
            "source_uuid": uuid,
            "source_sha256": sha256,
            "source_name": file.name,
            "size": size,
            "frames": count,
            "mode": mode,
            "pictures": options.pictures,
            "plugins": plugins,
            "drawn": drawn,
            "key": key,
        }
    )


def _replay_of(
    dataset: Dataset, episode: Episode, clip: EpisodeClip, params: CleanParameters
) -> ReplayEpisode | None:
    """The replay to take the robot from; none where no layer would use it."""
    used = params.filler == "layers" and bool(clip.joints)
    return find_replay(dataset, episode, params.replay) if used else None


def _told_replay(replay: ReplayEpisode | None, filling: FillFacts) -> str:
    if replay is None:
        return ""
    if UNSEEN in filling.warnings:
        return UNSEEN
    return f"robot taken from the replay in episode {replay.number}"


def _check_masks(masks: MaskTrack, count: int, camera: str) -> None:
    if masks.count != count:
        raise CleanError(
            f"there are {masks.count} masks for the {count} pictures of '{camera}'; "
            "give one for every picture"
        )


def _fill(
    source: CleanSource,
    masks: MaskTrack,
    filler: Filler,
    filling: FillFacts,
    writer: ResultWriter,
    stages: _Stages,
) -> Account:
    clip = source.clip
    account = Account(source, masks, filling)
    report = stages.part("filling", 1.0 - MASKS_SHARE - PREPARE_SHARE)
    width, height = clip.size
    for index in range(clip.count):
        filled = filler.fill(index)
        mask, sure = masks.mask(index), float(masks.confidence(index))
        if filled.image.shape != (height, width, 3) or mask.shape != (height, width):
            raise CleanError(
                f"picture {index} of '{clip.name}' came back as {filled.image.shape} with a mask "
                f"of {mask.shape}, expected {width}x{height} pixels"
            )
        writer.add(filled, mask, sure)
        account.add(index, filled, mask, sure)
        report(Progress(index + 1, clip.count, ""))
    return account


class _Stages:
    """Brings the progress of parts to one count of pictures."""

    def __init__(self, count: int, report: Report) -> None:
        self._count = count
        self._report = report
        self._from = 0.0

    def part(self, what: str, share: float) -> Report:
        start, self._from = self._from, self._from + share

        def report(progress: Progress) -> None:
            into = progress.done / progress.total if progress.total else 1.0
            done = self._count * (start + share * min(1.0, into))
            self._report(Progress(done, self._count, what))

        return report
