"""Train one of the two networks, in checkpoints; the same call goes on where it was stopped.

    python training/train.py fine build/training build/runs/fine --steps 6000 --decay 1500

The learning rate rises, stays, and falls to zero over the last ``--decay`` steps, so that a run
can be lengthened or brought to its end at any checkpoint. Sample ``n`` depends on the seed and
``n`` alone. Weights are averaged over the last few hundred steps (EMA), which is what is exported.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from draw import Sample, coarse_sample, fine_sample, to_tensors
from safetensors.torch import load_file
from sources import read_sources

from Clinic2CloudLib.deface.network import boxes
from Clinic2CloudLib.deface.network.nets import coarse_net, fine_net

#: Class weights of the cross entropy: ears are few.
CLASS_WEIGHTS = (1.0, 1.0, 1.5, 4.0, 1.0)
PLACE_WEIGHT, ORGAN_WEIGHT = 2.0, 20.0
EMA = 0.995
WARM_UP = 100
LOG_EVERY, SAVE_EVERY = 100, 200
Parts = dict[str, float]


@dataclass(frozen=True)
class Options:
    """What a run is told."""

    net: str
    data: Path
    out: Path
    steps: int
    decay: int
    rate: float
    seed: int
    threads: int
    batch: int
    half: bool
    start: Path | None


class Samples(torch.utils.data.IterableDataset):
    """The endless row of samples, from a step on."""

    def __init__(self, options: Options, first: int) -> None:
        self.options, self.first = options, first

    def __iter__(self) -> Iterator[Sample]:
        torch.set_num_threads(1)
        sources = read_sources(self.options.data)
        for n in range(self.first, self.options.steps):
            random = np.random.default_rng([self.options.seed, n])
            if self.options.net == "fine":
                yield fine_sample(sources, random)
            else:
                yield coarse_sample(sources, random)


def losses(out: torch.Tensor, truth: dict[str, torch.Tensor]) -> tuple[torch.Tensor, Parts]:
    """Return the loss and its parts: cross entropy, soft Dice, and the places' absolute error."""
    first, second = boxes.CLASSES, boxes.CLASSES + boxes.PLACES
    logits, said, organs = out[:, :first], out[:, first:second], out[:, second:]
    region = truth["region"]
    weights = torch.tensor(CLASS_WEIGHTS)
    each = F.cross_entropy(logits, region, weight=weights, reduction="none")
    sure = truth["sure"].float()
    entropy = (each * sure).sum() / sure.sum().clamp(min=1)
    chances = torch.softmax(logits, 1) * sure[:, None]
    one_hot = F.one_hot(region, boxes.CLASSES).permute(0, 4, 1, 2, 3).float() * sure[:, None]
    dice = soft_dice(chances, one_hot)[:, 1:]
    head = (truth["inside"] & (region > 0)).float()
    off = ((said - truth["places"]).abs() * head[:, None]).sum() / (3 * head.sum()).clamp(min=300)
    total = entropy + (1 - dice).mean() + PLACE_WEIGHT * truth["trust"] * off
    mean = dice.detach().mean(0)
    parts = {}
    if organs.shape[1]:
        seen = organ_loss(organs, truth)
        total = total + truth["known"] * seen
        parts["organs"] = seen.item() if truth["known"] else float("nan")
    return total, {
        **parts,
        "entropy": entropy.item(),
        "dice": mean.mean().item(),
        "face": mean[boxes.FACE - 1].item(),
        "ears": mean[boxes.EARS - 1].item(),
        "place_mm": off.item() * boxes.UNIT_MM,
    }


def organ_loss(organs: torch.Tensor, truth: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the loss of eyes and brainstem: soft Dice and cross entropy, organs being few."""
    inside = truth["inside"][:, None].float()
    chances, there = torch.sigmoid(organs) * inside, truth["organs"] * inside
    entropy = F.binary_cross_entropy_with_logits(organs, there, weight=inside)
    return (1 - soft_dice(chances, there)).mean() + ORGAN_WEIGHT * entropy


def soft_dice(chances: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the Dice overlap of probabilities, shape (batch, channels); near 1 for nothing."""
    both, sizes = (chances * truth).sum((2, 3, 4)), (chances + truth).sum((2, 3, 4))
    return (2 * both + 20) / (sizes + 20)


def rate_at(step: int, options: Options) -> float:
    """Return the learning rate of a step."""
    rise = min((step + 1) / WARM_UP, 1.0)
    fall = min(max((options.steps - step) / max(options.decay, 1), 0.0), 1.0)
    return options.rate * rise * fall


def train(options: Options) -> None:
    """Train from the last checkpoint, or from the start."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    net = fine_net() if options.net == "fine" else coarse_net()
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=1e-3)
    if options.start is not None:
        begin(net, load_file(options.start))
    average = {name: value.clone() for name, value in net.state_dict().items()}
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / "checkpoint.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        average, first = state["average"], state["step"]
    loader = torch.utils.data.DataLoader(
        Samples(options, first), batch_size=None, num_workers=1, prefetch_factor=4
    )
    net.train()
    began, running = time.monotonic(), []
    for step, sample in enumerate(loader, first):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, options)
        truth = to_tensors(sample)
        image = truth["image"].contiguous(memory_format=torch.channels_last_3d)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.half):
            out = net(image)
        total, parts = losses(out.float(), truth)
        if torch.isfinite(total):
            (total / options.batch).backward()
            running.append({"loss": total.item(), **parts})
        if (step + 1) % options.batch == 0:
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            if torch.isfinite(norm):  # next to nothing in view may give no gradient to speak of
                optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        keep = min(EMA, (step + 1) / (step + 20))
        for name, value in net.state_dict().items():
            average[name].lerp_(value, 1 - keep)
        if (step + 1) % LOG_EVERY == 0:
            log(options.out, step + 1, running, time.monotonic() - began)
            running = []
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == options.steps:
            save(checkpoint, step + 1, net, optimiser, average)


def begin(net: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Put weights into a network that may say more than they did: what is new starts at random."""
    own = net.state_dict()
    for name, value in weights.items():
        own[name][tuple(slice(0, n) for n in value.shape)] = value.float()
    net.load_state_dict(own)


def log(out: Path, step: int, running: list[dict[str, float]], seconds: float) -> None:
    """Add a line to the run's log: means over the last steps."""
    line: dict[str, Any] = {"step": step, "seconds": round(seconds, 1)}
    line.update({k: round(float(np.nanmean([r[k] for r in running])), 4) for k in running[0]})
    with (out / "log.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def save(path: Path, step: int, net: Any, optimiser: Any, average: dict[str, Any]) -> None:
    """Write a checkpoint beside the last, then put it in its place."""
    state = {
        "step": step,
        "net": net.state_dict(),
        "optimiser": optimiser.state_dict(),
        "average": average,
    }
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    beside.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", choices=("coarse", "fine"))
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--decay", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=1, help="samples to a change of the weights")
    parser.add_argument("--half", action="store_true", help="bfloat16, where the CPU computes it")
    parser.add_argument("--start", type=Path, help="weights to start from, of export.py")
    train(Options(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
