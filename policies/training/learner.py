"""A network that learns, and the running mean that becomes the policy.

Everything random is a function of the seed, the step and the rank: order, augmentation, noise.
"""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policies.networks.policy_network import Draws, PolicyNetwork
from policies.training.ranks import Ranks
from policies.training.schedule import mean_decay, rate_factor
from policies.training.windows import BatchOrder, TrainingData, Windows

VALIDATION_WINDOWS = 512  # evenly over those kept apart; more change the mean by less than noise
PLANNED_WINDOWS = 128
EPS = 1e-8  # of AdamW
NOISE, DROPOUT, VALIDATION = 3, 4, 5  # purposes of random numbers beside those of BatchOrder
Parts = dict[str, dict[str, Tensor]]


class Learner:
    """Steps of the optimiser.

    Parameters
    ----------
    data : TrainingData
    ranks : Ranks
    device : torch.device

    Attributes
    ----------
    step : int
        Steps done.
    lr : float
        Learning rate of the newest step.
    """

    def __init__(self, data: TrainingData, ranks: Ranks, device: torch.device) -> None:
        self._data, self._ranks, self._device = data, ranks, device
        self._config = config = data.config
        torch.manual_seed(config.seed)
        self._network = PolicyNetwork(config, data.layout, data.normaliser).to(device)
        self._mean = copy.deepcopy(self._network).eval().requires_grad_(False)
        self._forward = torch.compile(self._network) if config.compile else self._network
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(),
            lr=config.lr,
            betas=(config.beta1, config.beta2),
            eps=EPS,
            weight_decay=config.weight_decay,
        )
        self._order = BatchOrder(len(data.training), config.batch, config.seed)
        self.step, self.lr = 0, 0.0

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the weights by name."""
        return {name: tuple(value.shape) for name, value in self._network.named_parameters()}

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(value.numel() for value in self._network.parameters())

    def learn(self, share: float) -> float:
        """Make one step; returns its loss. A loss that is no number changes nothing.

        Parameters
        ----------
        share : float
            How much of the training is over, for the learning rate.
        """
        config, rank = self._config, self._ranks.rank
        chosen = self._order.windows(self.step)
        own = chosen[rank :: self._ranks.size]
        if not len(own):  # fewer windows than processes
            own = chosen[:1]
        batch = self._tensors(self._data.training, own, self._order.random(self.step, rank))
        draws = self._draws(len(own), NOISE, self.step)
        torch.manual_seed(_seed(config.seed, DROPOUT, self.step, rank))
        self._network.train()
        self.lr = config.lr * rate_factor(self.step, config.warmup_steps, share)
        self._optimiser.param_groups[0]["lr"] = self.lr
        self._optimiser.zero_grad(set_to_none=False)
        half = config.precision == "bfloat16"
        with torch.autocast(self._device.type, torch.bfloat16, enabled=half):
            loss = self._forward(batch, draws)["loss"]
        loss.backward()
        (value,) = self._ranks.mean(float(loss.detach()))
        if not math.isfinite(value):
            return value
        self._ranks.average(
            [one.grad for one in self._network.parameters() if one.grad is not None]
        )
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), config.gradient_clip)
        self._optimiser.step()
        with torch.no_grad():
            raw, mean = list(self._network.parameters()), list(self._mean.parameters())
            torch._foreach_lerp_(mean, raw, 1.0 - mean_decay(self.step, config.ema_power))
        self.step += 1
        return value

    @torch.no_grad()
    def validation_loss(self) -> float:
        """Loss of the running mean; the same windows and noise every time."""
        windows = self._data.validation
        count = min(VALIDATION_WINDOWS, len(windows))
        chosen = np.linspace(0, len(windows) - 1, count).astype(np.int64)
        total = 0.0
        for start in range(0, count, self._config.batch):
            part = chosen[start : start + self._config.batch]
            batch = self._tensors(windows, part, None)
            draws = self._draws(len(part), VALIDATION, start, rank=0)
            total += float(self._mean(batch, draws)["loss"]) * len(part)
        return total / count

    @torch.no_grad()
    def plan_error(self, weights: dict[str, Tensor]) -> dict[str, float]:
        """Mean distance of plans from what was done in the episodes kept apart, by unit.

        Parameters
        ----------
        weights : mapping
            Of the policy; the running mean is lost, so call it when training is over.
        """
        self._mean.load_state_dict(weights)
        windows, layout = self._data.validation, self._data.layout
        count = min(PLANNED_WINDOWS, len(windows))
        chosen = np.linspace(0, len(windows) - 1, count).astype(np.int64)
        scale = np.asarray(self._data.normaliser.action.scale)
        sums, rows = np.zeros(len(scale)), 0
        for start in range(0, count, self._config.batch):
            part = chosen[start : start + self._config.batch]
            batch = self._tensors(windows, part, None)
            noise = self._draws(len(part), VALIDATION, start, rank=0).noise
            planned = self._mean.plan(batch, noise).float().cpu().numpy()
            away = np.abs(planned - batch["action"].cpu().numpy()) * scale
            there = ~batch["pad"].cpu().numpy()
            there[:, layout.executed :] = False
            sums += away[there].sum(axis=0)
            rows += int(there.sum())
        units = np.array(layout.action_units)
        return {
            unit: float(sums[units == unit].mean() / max(1, rows)) for unit in dict.fromkeys(units)
        }

    def mean_weights(self) -> dict[str, Tensor]:
        """A copy of the running mean by name."""
        return {name: value.detach().clone() for name, value in self._mean.named_parameters()}

    def parts(self) -> Parts:
        """Everything the next step depends on: ``raw``, ``mean``, ``first`` and ``second``."""
        found: Parts = {"raw": {}, "mean": self.mean_weights(), "first": {}, "second": {}}
        for name, value in self._network.named_parameters():
            known = self._optimiser.state.get(value, {})
            found["raw"][name] = value.detach()
            found["first"][name] = known.get("exp_avg", torch.zeros_like(value))
            found["second"][name] = known.get("exp_avg_sq", torch.zeros_like(value))
        return found

    def restore(self, step: int, parts: Parts) -> None:
        """Go on from ``parts`` after ``step`` steps."""
        self._network.load_state_dict(parts["raw"])
        self._mean.load_state_dict(parts["mean"])
        for name, value in self._network.named_parameters():
            self._optimiser.state[value] = {
                "step": torch.tensor(float(step)),
                "exp_avg": parts["first"][name].to(self._device),
                "exp_avg_sq": parts["second"][name].to(self._device),
            }
        self.step = step

    def _tensors(
        self, windows: Windows, chosen: NDArray[np.int64], random: np.random.Generator | None
    ) -> dict[str, Tensor]:
        arrays = windows.batch(chosen, random)
        return {name: torch.from_numpy(value).to(self._device) for name, value in arrays.items()}

    def _draws(self, count: int, purpose: int, place: int, rank: int | None = None) -> Draws:
        rank = self._ranks.rank if rank is None else rank
        seed = _seed(self._config.seed, purpose, place, rank)
        draws = self._network.draws(count, torch.Generator().manual_seed(seed))
        return Draws(*(value.to(self._device) for value in vars(draws).values()))


def _seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))
