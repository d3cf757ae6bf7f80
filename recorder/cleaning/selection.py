"""Which episodes a batch cleans, and with which parameters each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recorder.cleaning.choices import CleanChoices, load_choices
from recorder.cleaning.cleaning import CleanOptions
from recorder.cleaning.clip import CleanError
from recorder.cleaning.methods import Methods
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.work import CleanOutcome, CleanTask
from recorder.dataset import Dataset, episode_number
from recorder.episode import Episode, EpisodeError
from recorder.progress import ProgressMeter, Report, quiet


def select_tasks(
    dataset: Dataset,
    plan: CleanPlan,
    control: Path,
    report: Report = quiet,
    methods: Methods = Methods(),
) -> tuple[list[CleanTask], list[CleanOutcome]]:
    """Look at the episodes of ``plan``.

    Parameters
    ----------
    dataset : Dataset
    plan : CleanPlan
    control : Path
        Folder of the job.
    report : callable
    methods : Methods

    Returns
    -------
    tasks : list of CleanTask
        By episode number.
    failures : list of CleanOutcome
        Episodes that cannot even be opened.

    Raises
    ------
    CleanError
        There is nothing to clean, a parameter is wrong, or an episode does not exist.
    """
    paths = _wanted(dataset, plan)
    choices = load_choices(dataset)
    for camera in plan.cameras:
        choices.parameters(camera, chosen=plan.parameters)  # a wrong parameter is found here, once
    tasks: list[CleanTask] = []
    failures: list[CleanOutcome] = []
    meter = ProgressMeter(len(paths), report)
    for path in paths:
        number = episode_number(path)
        try:
            with Episode(path) as episode:
                tasks += _tasks(dataset, plan, episode, number, control, choices, methods)
        except (EpisodeError, CleanError, KeyError, OSError) as error:
            uuid = _known_uuid(dataset, path)
            failures += [
                CleanOutcome(number, camera, "failed", str(error), uuid=uuid)
                for camera in plan.cameras
            ]
        meter.advance(1, f"looking at episode {number}")
    return tasks, failures


def _tasks(
    dataset: Dataset,
    plan: CleanPlan,
    episode: Episode,
    number: int,
    control: Path,
    choices: CleanChoices,
    methods: Methods,
) -> list[CleanTask]:
    tasks = []
    masks_from = None
    if plan.masks_from is not None:
        masks_from = _masks_of(plan.masks_from.absolute(), number)
    for camera in plan.cameras:
        task = str(episode.attributes.get("task", ""))
        params, source = choices.parameters(camera, task, plan.parameters)
        options = CleanOptions(source, plan.pictures, masks_from, plan.again, plan.who, methods)
        stream = episode.streams.get(camera)
        tasks.append(
            CleanTask(
                dataset=dataset.root,
                episode=episode.path,
                number=number,
                frames=0 if stream is None else len(stream),
                stored_bytes=0 if stream is None else stream.stored_bytes,
                params=params,
                options=options,
                control=control,
                uuid="" if stream is None else str(episode.attributes["uuid"]),
            )
        )
    return tasks


def _known_uuid(dataset: Dataset, path: Path) -> str:
    """Identity of an episode that cannot be read, by the catalogue; else the name of its file."""
    from recorder.catalogue import Catalogue

    try:
        row = Catalogue(dataset).published(episode_number(path))
    except (ValueError, OSError, RuntimeError):
        row = None
    return path.stem if row is None else row.uuid


def _wanted(dataset: Dataset, plan: CleanPlan) -> Sequence[Path]:
    published = {episode_number(path): path for path in dataset.published()}
    if not published:
        raise CleanError(f"dataset '{dataset.root}' has no published episodes to clean")
    missing = [number for number in plan.episodes if number not in published]
    if missing:
        raise CleanError(
            f"dataset '{dataset.root}' has no published episode {missing[0]} (it has "
            f"{min(published)} to {max(published)})"
        )
    if plan.episodes:
        return [published[number] for number in dict.fromkeys(plan.episodes)]
    return list(published.values())


def _masks_of(path: Path, number: int) -> Path:
    """Masks of one episode, when ``path`` holds those of many; else ``path`` itself."""
    if not path.is_dir():
        return path
    names = (f"episode_{number:06d}", f"{number:06d}", str(number))
    for inner in sorted(path.iterdir()):
        if inner.name in names or (inner.stem in names and inner.suffix != ".png"):
            return inner
    if any(inner.is_dir() for inner in path.iterdir()):
        raise CleanError(f"'{path}' has no masks for episode {number}; name them '{names[0]}'")
    return path
