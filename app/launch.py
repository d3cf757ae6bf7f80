"""``thenar run``: a window where there is a display, a demonstration where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.opening import choose_dataset, open_session
from app.settings import default_settings_path, load_settings
from app.virtual_display import has_display
from devices.rig import RigError, load_rig


def launch(
    *,
    rig: str | None,
    dataset: Path | None,
    emulate: bool,
    video: Path | None,
    seed: int,
    pictures: Path | None,
    say: Callable[[str], None],
) -> int:
    """Open the window, or demonstrate on a virtual display when there is no screen.

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
        from app.window_start import run_window

        before = ""
        while name:
            try:
                session = open_session(
                    name, choose_dataset(dataset, settings), seed=seed, emulate=emulate, video=video
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
