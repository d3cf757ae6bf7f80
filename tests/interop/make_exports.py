"""Make the exports that the peers' code is to read, and write down what it must find in them.

    .venv/bin/python tests/interop/make_exports.py FOLDER [DATASET]

Made-up episodes carry numbered pictures, lost samples, labels and two operators. DATASET is a
recorded one, real or simulated; its episodes of one kind of take are exported too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, open_dataset
from recorder.episode import Episode
from recorder.exporters.episode_rows import open_export_episode
from recorder.exporters.job import run_export
from recorder.exporters.mcap_writer import exported_streams
from recorder.exporters.plan import ExportPlan
from recorder.review.schema import load_label_schemas, schema_for
from recorder.review.state import Change, Edit
from recorder.review.store import ReviewStore
from recorder.synthetic import SyntheticTake, frame_number, write_take

TASK = "pick-up-the-ball"
LOST = frozenset({7, 8, 20})
SIZE = (160, 120)
VARIANTS = {
    "lerobot-video": {"format": "lerobot"},
    "lerobot-png": {"format": "lerobot", "video_images": False},
    "robomimic": {"format": "robomimic"},
    "umi": {"format": "umi", "image_size": SIZE},
    "umi-224": {"format": "umi"},
    "mcap": {"format": "mcap"},
}


def made_up(root: Path) -> Dataset:
    """Four takes: the first lost pictures, the third is another's failure, one is labelled."""
    dataset = open_dataset(root, create=True)
    for number in range(4):
        take = SyntheticTake(
            number=number,
            seconds=1.5 + 0.2 * number,
            size=SIZE,
            seed=number + 1,
            lost={"front/rgb": LOST} if number == 0 else None,
            outcome="failure" if number == 2 else "success",
            operator_code="P77" if number == 2 else "P01",
            instruction="put the ball back" if number == 3 else "pick up the ball",
        )
        write_take(dataset, take)
    Catalogue(dataset)
    with Episode(dataset.episode_path(1)) as episode:
        uuid = str(episode.attributes["uuid"])
    review = ReviewStore(dataset, "R1").open(uuid, schema_for(load_label_schemas(), TASK))
    label = review.schema.phases[0].name
    phase = {"label": label, "start_ns": 200_000_000, "stop_ns": 700_000_000}
    edits = (
        Edit("quality", None, 4),
        Edit("outcome", None, "qualified_success"),
        Edit("phases", "p1", phase),
        Edit("accepted", None, True),
    )
    review.apply(Change("labels", edits))
    review.publish()
    review.close()
    return dataset


def write_expected(folder: Path, name: str, dataset: Dataset, episodes: list[int]) -> None:
    """Write what is in the rows, read by this program, beside the exports."""
    plan = ExportPlan(dataset=dataset.root, out=folder / "none", format="lerobot")
    said, arrays = [], {}
    for index, number in enumerate(episodes):
        with open_export_episode(plan, dataset.episode_path(number)) as rows:
            camera = rows.cameras[0]
            pictures = list(rows.frames(camera))
            streams = exported_streams(plan, rows)
            said.append(
                {
                    "number": number,
                    "length": rows.length,
                    "text": rows.instruction or rows.task or "no task given",
                    "outcome": rows.outcome,
                    "frames": [frame_number(picture) for picture in pictures],
                    "repeated": np.flatnonzero(~camera.valid).tolist(),
                    "samples": {one: len(rows.episode.stream(one)) for one in streams},
                }
            )
            arrays[f"pictures_{index}"] = np.stack(pictures)
            arrays[f"state_{index}"] = rows.columns["observation.state"].data.astype(np.float32)
            arrays[f"action_{index}"] = rows.action.data.astype(np.float32)
            arrays[f"stamps_{index}"] = camera.stamp_ns
            key = camera.key
    (folder / f"{name}.json").write_text(json.dumps({"camera": key, "episodes": said}))
    np.savez(folder / f"{name}.npz", **arrays)


def one_kind(dataset: Dataset) -> list[int]:
    """Return the episodes whose takes are of the same kind as the first."""
    rows = Catalogue(dataset).rows()
    return [row.number for row in rows if row.source == rows[0].source]


def main(folder: Path, recorded: Path | None) -> None:
    """Make everything below ``folder``."""
    chosen = {"made-up": made_up(folder / "dataset")}
    if recorded is not None:
        chosen["recorded"] = open_dataset(recorded)
    for name, dataset in chosen.items():
        episodes = one_kind(dataset)
        write_expected(folder, name, dataset, episodes)
        for variant, choices in VARIANTS.items():
            if name == "recorded" and variant in ("lerobot-png", "umi"):
                continue
            size = {"image_size": (84, 84)} if (name, variant) == ("recorded", "robomimic") else {}
            plan = ExportPlan.model_validate(
                {"dataset": dataset.root, "out": folder / f"{name}-{variant}",
                 "episodes": episodes, **choices, **size}
            )  # fmt: skip
            result = run_export(plan)
            sys.stdout.write(f"{plan.out.name}: {result.episodes} episodes, {result.rows} rows\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
