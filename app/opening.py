"""Opening a rig: from a name and a few options to a session that is ready to start."""

from __future__ import annotations

from pathlib import Path

from app.preflight import check_dataset, check_rig
from app.session import Session, SessionError
from app.settings import Settings, default_dataset_dir
from devices.rig import Rig, load_rig
from policies.tasks import find_task

DEMO_VIDEO = Path(__file__).resolve().parents[2] / "shared/data/operator_removal/raw-1.mp4"


def choose_dataset(dataset: Path | None, settings: Settings | None = None) -> Path:
    """Dataset folder: the one given, else the last one used, else the user's data folder."""
    if dataset is not None:
        return dataset
    if settings is not None and settings.dataset_dir:
        return Path(settings.dataset_dir)
    return default_dataset_dir()


def check_reviewed(dataset: Path) -> None:
    """Raise ``ValueError`` with one sentence unless ``dataset`` is a dataset's folder."""
    if not (dataset / "dataset.json").is_file():
        raise ValueError(f"'{dataset}' is no dataset: it has no dataset.json; give its folder")
    check_dataset(dataset)


def open_session(
    rig: str,
    dataset: Path,
    *,
    seed: int = 0,
    emulate: bool = False,
    video: Path | None = None,
    task: str = "",
) -> Session:
    """Load ``rig`` and prepare (not start) its session.

    ``task`` names a task of the list; a simulated one puts its objects on the rig's table and is
    judged while the session runs.

    Raises
    ------
    RigError, SessionError
        One sentence that names what is wrong and the way out.
    """
    loaded = find_task(task).rig(load_rig(rig)) if task else load_rig(rig)
    check_rig(loaded)
    check_dataset(dataset.expanduser())
    return Session(
        loaded,
        dataset,
        seed=seed,
        emulate=emulate,
        emulated_video=_stand_in_video(loaded, emulate, video),
    )


def _stand_in_video(rig: Rig, emulate: bool, video: Path | None) -> Path | None:
    if video is not None:
        if not video.is_file():
            raise SessionError(f"video '{video}' does not exist; give another file with --video")
        return video.resolve()
    needs = any(camera.driver == "video_file" and not camera.path for camera in rig.cameras)
    if not needs:
        return None
    if DEMO_VIDEO.is_file():
        return DEMO_VIDEO
    if emulate:
        raise SessionError(
            f"rig '{rig.name}' shows a video file as its camera and none was given; "
            "add --video FILE"
        )
    return None
