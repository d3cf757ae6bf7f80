"""What keeps the library up to date behind the reviewer's back: rows of labels, and overviews.

Nothing here happens between two keys: rows are written once no key has come for a while, and
overviews are made in a child process.
"""

from __future__ import annotations

from collections.abc import Callable

from app.jobs import JobRunner
from app.workspaces.review.library_page import LibraryPage
from app.workspaces.review.review_desk import ReviewDesk

QUIET_TICKS = 10  # refreshes without a key before rows are written: 1 s
OVERVIEWS = "Look through"


class Upkeep:
    """Brings the rows of episodes whose labels changed, and missing overviews, into the library.

    Parameters
    ----------
    desk : ReviewDesk
    page : LibraryPage
        Shows the rows.
    say : callable
        Shows a sentence in the status strip.
    """

    def __init__(self, desk: ReviewDesk, page: LibraryPage, say: Callable[..., object]) -> None:
        self._desk, self._page, self._say = desk, page, say
        self._changed: list[str] = []
        self._quiet = 0
        self.jobs: JobRunner | None = None

    def touch(self, uuid: str) -> None:
        """Note that the labels of an episode have changed just now."""
        self._quiet = 0
        if uuid and uuid not in self._changed:
            self._changed.append(uuid)

    def key_came(self) -> None:
        """Wait a little longer."""
        self._quiet = 0

    def refresh(self, playing: bool) -> None:
        """Write one row when nobody is pressing keys; called ten times a second."""
        self._quiet += 1
        if self._changed and self._quiet >= QUIET_TICKS and not playing:
            self._summarise(self._changed.pop(0))

    def finish(self) -> None:
        """Write every row that waits."""
        while self._changed:
            self._summarise(self._changed.pop(0))

    def _summarise(self, uuid: str) -> None:
        try:
            self._desk.library.refresh(uuid)
        except (KeyError, OSError) as error:
            self._say(f"The library does not show the newest labels yet: {error}", "warn")

    def make_overviews(self) -> None:
        """Look through the episodes that have no overview yet, in a job."""
        missing = self._desk.library.missing_overviews()
        if not missing or self.jobs is None:
            return
        if any(job.title.startswith(OVERVIEWS) for job in self.jobs.jobs):
            return
        root = str(self._desk.dataset.root)
        title = f"{OVERVIEWS} {len(missing)} episodes"
        job = self.jobs.start(title, ["-m", "recorder.overview.store", root])
        job.finished.connect(lambda _: self._on_made(missing[0]))
        job.failed.connect(lambda why: self._say(why, "warn"))

    def _on_made(self, uuid: str) -> None:
        self._desk.library.missing_overviews()
        self._summarise(uuid)  # makes the library forget the thumbnails that were missing
        self._page.show_pictures_again()
        self._page.load()
