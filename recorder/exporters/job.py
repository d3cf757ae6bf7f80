"""Make an export: all of it, or nothing at the place it was meant for.

Everything is written into ``OUT.partial-<hash of plan>`` beside ``OUT`` and gets the name ``OUT``
by one rename at the end. Cancelled or killed, the finished episodes stay there; the same plan goes
on from them after checking every byte of their files, and what was half-written is removed. A plan
that differs in anything has another hash and starts anew.

``python -m recorder.exporters.job --spec FILE`` does it as a child process: FILE is an
``ExportPlan`` as JSON, progress and result are JSON lines on stdout, SIGTERM cancels.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devices.exclusive import try_lock
from recorder.dataset import DatasetError
from recorder.durability import fsync_path
from recorder.exporters.account import episode_account, export_account
from recorder.exporters.episode_rows import open_export_episode
from recorder.exporters.formats import (
    AS_RECORDED,
    EpisodeFacts,
    ExportTarget,
    FormatWriter,
    writer_for,
)
from recorder.exporters.label_columns import EpisodeLabels, without_people
from recorder.exporters.manifest import LOCK, PARTS, Finished, Manifest, write_json
from recorder.exporters.plan import ExportError, ExportPlan
from recorder.exporters.selection import Selection, Skipped, select_episodes
from recorder.finalise import file_sha256
from recorder.header import software_version
from recorder.progress import ProgressMeter, Report, quiet
from recorder.progress_child import run_child

ACCOUNT = "thenar_export.json"
SPARE_BYTES = 64 << 20  # stay free whatever the estimate says


@dataclass(frozen=True)
class ExportResult:
    """What was made.

    Attributes
    ----------
    out : Path
        The finished folder.
    episodes, rows, bytes : int
        How much is in it.
    resumed : int
        Episodes that were finished before this run.
    repeated : dict of str to int
        Rows per stream for which another sample stands in.
    skipped : tuple of Skipped
        Episodes that stayed out, and why.
    """

    out: Path
    episodes: int
    rows: int
    bytes: int
    resumed: int
    repeated: dict[str, int]
    skipped: tuple[Skipped, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        skipped = [{"episode": one.number, "reason": one.reason} for one in self.skipped]
        return {**asdict(self), "out": str(self.out), "skipped": skipped}


def partial_folder(plan: ExportPlan) -> Path:
    """Return the folder an unfinished export of ``plan`` lies in."""
    identity = f"{plan.model_dump_json()} {software_version()}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return plan.out.with_name(f"{plan.out.name}.partial-{digest}")


def run_export(plan: ExportPlan, report: Report = quiet) -> ExportResult:
    """Export the episodes of ``plan``.

    Parameters
    ----------
    plan : ExportPlan
        What and how.
    report : callable
        Receives progress in pictures, with the time left; may raise ``Cancelled``, which leaves
        nothing at ``plan.out`` and lets the same plan go on later.

    Raises
    ------
    ExportError
        Nothing to export, episodes that do not agree, no room, or a place that is taken; one
        sentence that says what to do.
    """
    _check_place(plan.out)
    try:
        selection = select_episodes(plan, report)
    except DatasetError as error:
        raise ExportError(str(error)) from None
    folder = partial_folder(plan)
    _check_room(plan, selection, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        try:
            return _make(plan, selection, folder, report)
        except OSError as error:
            raise ExportError(
                f"the export ended early ({error.strerror or error}); finished episodes are kept "
                f"in '{folder}' and the same plan goes on from there"
            ) from error


def _check_place(out: Path) -> None:
    if out.suffix.lower() in (".hdf5", ".h5", ".zip", ".zarr", ".mcap", ".csv", ".parquet"):
        raise ExportError(f"'{out}' is to be a folder; give a name without '{out.suffix}'")
    if out.exists() or out.is_symlink():
        raise ExportError(f"'{out}' exists already; choose another place or remove it first")
    if not out.absolute().parent.is_dir():
        raise ExportError(f"folder '{out.absolute().parent}' does not exist; make it first")


def _check_room(plan: ExportPlan, selection: Selection, folder: Path) -> None:
    made = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) if folder.exists() else 0
    copies = 1 + writer_for(plan.format).passes_at_the_end  # parts and the whole side by side
    needed = max(0, copies * selection.bytes - made) + SPARE_BYTES
    if needed > selection.free:
        raise ExportError(
            f"the export needs about {needed / 1e9:.2f} GB and {selection.free / 1e9:.2f} GB are "
            "free there; choose another place, fewer episodes or smaller pictures"
        )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not try_lock(fd):
            raise ExportError(f"another export is already writing '{folder}'; wait for it to end")
        yield
    finally:
        os.close(fd)


def _make(plan: ExportPlan, selection: Selection, folder: Path, report: Report) -> ExportResult:
    chosen = selection.chosen
    writer = writer_for(plan.format)
    manifest = Manifest(folder)
    keys = [_key(plan, selection, at) for at in range(len(chosen.episodes))]
    finished = [manifest.finished(at, key) for at, key in enumerate(keys)]
    manifest.sweep(path for one in finished if one for path in one.paths)
    pictures = max(1, len(chosen.cameras))
    passes = 1 + writer.passes_at_the_end
    meter = ProgressMeter(chosen.rows * pictures * passes, report)
    target = ExportTarget(folder, folder / PARTS, lambda frames: None)
    target.parts.mkdir(exist_ok=True)
    writer.begin(chosen, plan, target)
    done: list[Finished] = []
    for facts, labels, key, before in zip(
        chosen.episodes, selection.labels, keys, finished, strict=True
    ):
        work = facts.length * pictures
        if before is None:
            before = _write(plan, selection, manifest, writer, target, facts, labels, key, meter)
        else:
            meter.total -= work
            meter.advance(0.0, f"episode {facts.number} was finished before")
        done.append(before)
    target.tick = lambda frames: meter.advance(frames, "putting everything together")
    target.tick(0.0)
    writer.finish([one.result for one in done])
    account = export_account(plan, chosen, [dict(one.about) for one in done])
    write_json(folder / ACCOUNT, account)
    resumed = sum(before is not None for before in finished)
    return _publish(plan, selection, folder, manifest, resumed, account, meter)


def _write(
    plan: ExportPlan,
    selection: Selection,
    manifest: Manifest,
    writer: FormatWriter,
    target: ExportTarget,
    facts: EpisodeFacts,
    labels: EpisodeLabels,
    key: str,
    meter: ProgressMeter,
) -> Finished:
    target.written = []
    target.tick = lambda frames: meter.advance(frames, f"episode {facts.number}")
    target.tick(0.0)
    before = meter.done
    _check_content(facts)
    with open_export_episode(plan, facts.path, labels, selection.chosen.phases) as episode:
        result = writer.write(facts.index, episode)
        about = episode_account(facts, episode)
    done = manifest.note(facts.index, key, result, about, target.written)
    pictures = max(1, len(selection.chosen.cameras))
    target.tick(max(0.0, before + facts.length * pictures - meter.done))
    return done


def _check_content(facts: EpisodeFacts) -> None:
    """Refuse a file that is not the one whose checksum the export will name."""
    if file_sha256(facts.path) != facts.sha256:
        raise ExportError(
            f"episode {facts.number} was changed after it was published: its SHA-256 differs; "
            "`thenar verify` says where, --episodes leaves it out"
        )


def _key(plan: ExportPlan, selection: Selection, at: int) -> str:
    """Identity of everything that decides what an episode's files contain."""
    chosen, facts, labels = selection.chosen, selection.chosen.episodes[at], selection.labels[at]
    identity = {
        "plan": plan.model_dump(mode="json"),
        "program": software_version(),
        "action": chosen.action,
        "phases": chosen.phases,
        "texts": chosen.texts,
        "facts": {**asdict(facts), "path": ""},
        "labels": (without_people(labels) if plan.hide_people else labels).as_dict(),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _publish(
    plan: ExportPlan,
    selection: Selection,
    folder: Path,
    manifest: Manifest,
    resumed: int,
    account: dict[str, Any],
    meter: ProgressMeter,
) -> ExportResult:
    size = 0
    for path in folder.rglob("*"):
        relative = path.relative_to(folder).parts[0]
        if path.is_file() and not relative.startswith("."):
            size += path.stat().st_size
    manifest.remove()
    shutil.rmtree(folder / PARTS)
    (folder / LOCK).unlink()
    for inner in sorted(folder.rglob("*"), reverse=True):
        if inner.is_dir():
            fsync_path(inner)
    fsync_path(folder)
    _check_place(plan.out)
    folder.rename(plan.out)
    fsync_path(plan.out.absolute().parent)
    meter.advance(meter.total - meter.done, "done")
    repeated: dict[str, int] = {}
    for episode in () if plan.format in AS_RECORDED else account["episodes"]:
        for stream, count in episode["repeated_rows"].items():
            repeated[stream] = repeated.get(stream, 0) + count
    rows = selection.chosen.rows
    count = len(selection.chosen.episodes)
    return ExportResult(plan.out, count, rows, size, resumed, repeated, selection.skipped)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a child process; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m recorder.exporters.job")
    parser.add_argument("--spec", type=Path, required=True, help="ExportPlan as JSON")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be exported")
    chosen = parser.parse_args(arguments)

    def work(report: Report) -> dict[str, Any]:
        plan = ExportPlan.model_validate_json(chosen.spec.read_text())
        if chosen.dry_run:
            return select_episodes(plan, report).as_dict()
        return run_export(plan, report).as_dict()

    return run_child(work)


if __name__ == "__main__":
    sys.exit(main())
