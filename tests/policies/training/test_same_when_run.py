"""What a running policy sees is what it saw while learning, number by number."""

from __future__ import annotations

import numpy as np

from policies.networks.policy import observation_arrays
from policies.observation import ObservationRow
from policies.policy_config import CameraChoice
from policies.training.windows import load_data
from recorder.episode import Episode


def newest(stream, time_s: float) -> np.ndarray:
    """The sample a live system has at a time."""
    return stream.frame(int(np.searchsorted(stream.time_s, time_s, side="right")) - 1)


def test_rows_of_a_running_policy_equal_those_it_learned_from(data, config):
    camera = CameraChoice(stream="front/rgb", size=(96, 72))
    config = config.model_copy(update={"cameras": (camera,), "crop": 0.9, "force": True})
    found = load_data(data, "", config)
    (number,) = found.account.validation
    window = 12
    learned = found.validation.batch(np.array([window]))
    at_rows = found.validation.rows_seen[window]
    with Episode(data.episode_path(number)) as episode:
        streams = {name: episode.stream(f"right/{name}") for name in (
            "joints_measured", "taxels", "fingertip_force")}  # fmt: skip
        rows = [
            ObservationRow(
                joints=newest(streams["joints_measured"], row / found.layout.rate_hz),
                force=newest(streams["fingertip_force"], row / found.layout.rate_hz),
                taxels=newest(streams["taxels"], row / found.layout.rate_hz),
                pictures={
                    "front/rgb": newest(episode.stream("front/rgb"), row / found.layout.rate_hz)
                },
            )
            for row in at_rows
        ]

    class Facts:
        layout, normaliser = found.layout, found.normaliser

    seen = observation_arrays([rows], Facts())
    assert sorted(seen) == ["force", "front/rgb", "state", "taxels"]
    for name, value in seen.items():
        assert value.shape == learned[name].shape, name
        assert value.dtype == learned[name].dtype, name
        assert np.allclose(value, learned[name], atol=1e-6), name
    assert seen["taxels"].any()
