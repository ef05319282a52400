"""The two networks: small MONAI U-Nets, one that finds the head and one that draws the face."""

from __future__ import annotations

from functools import cache
from typing import Any

from ...facenetwork import weights_file
from . import boxes


def coarse_net() -> Any:
    """Return the network that finds a head at 8 mm: image and field of view in."""
    return _unet((12, 24, 48, 96, 128), boxes.CLASSES + boxes.PLACES)


def fine_net() -> Any:
    """Return the network that draws the face at 2.5 mm: image and field of view in."""
    return _unet((16, 32, 64, 128, 192), boxes.CLASSES + boxes.PLACES + boxes.ORGANS)


def _unet(channels: tuple[int, ...], outputs: int) -> Any:
    import torch
    from monai.networks.nets import UNet

    net: Any = UNet(
        spatial_dims=3,
        in_channels=2,
        out_channels=outputs,
        channels=channels,
        strides=(2,) * (len(channels) - 1),
        num_res_units=2,
        norm=("INSTANCE", {"affine": True}),
        # MONAI's own choice, PReLU, costs more than half of the time on a CPU.
        act=("LEAKYRELU", {"inplace": True, "negative_slope": 0.02}),
    )
    return net.to(memory_format=torch.channels_last_3d)


@cache
def loaded(name: str) -> Any:
    """Return a network with the shipped weights, ready to run.

    Parameters
    ----------
    name : {'coarse', 'fine'}
        Which.
    """
    from safetensors.torch import load

    net = {"coarse": coarse_net, "fine": fine_net}[name]()
    weights = load(weights_file(name).read_bytes())
    net.load_state_dict({key: value.float() for key, value in weights.items()})
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net.eval()
