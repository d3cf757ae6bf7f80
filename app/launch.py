"""``thenar run``: a window where there is a display, a demonstration where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.opening import check_reviewed, choose_dataset, open_session
from app.settings import Settings, default_settings_path, load_settings
from app.virtual_display import has_display
from devices.rig import RigError, load_rig
from recorder.pseudonym import code_problem


def launch(
    *,
    rig: str | None,
    dataset: Path | None,
    emulate: bool,
    video: Path | None,
    seed: int,
    pictures: Path | None,
    say: Callable[[str], None],
    scale: float | None = None,
    task: str = "",
) -> int:
    """Open the window, or demonstrate on a virtual display when there is no screen.

    ``task`` puts the objects of a simulated task on the table of the rig.

    Returns
    -------
    int
        Exit code.
    """
    settings_path = default_settings_path()
    settings, problems = load_settings(settings_path)
    for problem in problems:
        say(problem)
    name = rig or settings.rig
    if rig is None:
        try:
            load_rig(name)
        except RigError as error:
            say(f"{error}; opening sim-xhand instead")
            name = "sim-xhand"
    if has_display():
        from app.window_start import run_window, set_scale

        _choose_scale(settings, scale, set_scale)
        before = ""
        while name:
            try:
                session = open_session(
                    name,
                    choose_dataset(dataset, settings),
                    seed=seed,
                    emulate=emulate,
                    video=video,
                    task=task,
                )
            except (ValueError, RuntimeError) as error:
                if not before:
                    raise
                problems, name, before = [str(error)], before, ""
                continue
            before, name = name, run_window(session, settings, settings_path, problems)
            problems = []
        return 0
    from app.demonstration import demonstrate

    return demonstrate(
        name, dataset, seed=seed, emulate=emulate, video=video, pictures=pictures, say=say
    )


def launch_review(
    dataset: Path, reviewer: str | None, scale: float | None, *, say: Callable[[str], None]
) -> int:
    """Open the window for review only; no hand is started.

    Raises
    ------
    ValueError
        When the folder is no dataset or the reviewer's code is none.
    """
    check_reviewed(dataset)
    settings_path = default_settings_path()
    settings, problems = load_settings(settings_path)
    if reviewer is not None:
        if problem := code_problem("reviewer", reviewer):
            raise ValueError(problem)
        settings.reviewer = reviewer
    settings.review_dataset = str(dataset.resolve())
    if not has_display():
        raise RuntimeError(
            "review needs a display and there is none; set DISPLAY, or use 'thenar labels', "
            "'thenar library' and 'thenar export'"
        )
    from app.window_start import run_window, set_scale

    _choose_scale(settings, scale, set_scale)
    wanted_rig = run_window(
        None, settings, settings_path, problems, review_dataset=dataset.resolve()
    )
    if not wanted_rig:
        return 0
    return launch(
        rig=wanted_rig,
        dataset=None,
        emulate=False,
        video=None,
        seed=0,
        pictures=None,
        say=say,
    )


def _choose_scale(
    settings: Settings, scale: float | None, set_scale: Callable[[float], None]
) -> None:
    if scale is not None:
        settings.ui_scale = scale
    set_scale(settings.ui_scale)
