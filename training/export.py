"""Write the averaged weights of a run as the half-precision file that the package ships.

    python training/export.py build/runs/fine fine.safetensors --log training/scores/fine.jsonl

The run's log goes beside the training recipe, thinned to a line every few hundred steps.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save

EVERY = 250


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--log", type=Path, help="where the thinned log goes")
    options = parser.parse_args()
    state = torch.load(options.run / "checkpoint.pt", weights_only=True)
    halves = {name: value.half().contiguous() for name, value in state["average"].items()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    beside = options.out.with_suffix(".part")
    beside.write_bytes(save(halves, metadata={"steps": str(state["step"])}))
    beside.replace(options.out)
    print(f"{options.out}: step {state['step']}, {options.out.stat().st_size / 1e6:.2f} MB")
    if options.log:
        lines = [json.loads(t) for t in (options.run / "log.jsonl").read_text().splitlines()]
        kept = [line for line in lines if line["step"] % EVERY == 0 or line is lines[-1]]
        options.log.write_text("".join(json.dumps(line) + "\n" for line in kept))


if __name__ == "__main__":
    main()
