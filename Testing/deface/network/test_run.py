"""Running the networks: shapes, size, mirror images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Clinic2CloudLib.deface.network import boxes, nets, run

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

OUTPUTS = boxes.CLASSES + boxes.PLACES + boxes.ORGANS


def saying(values: Any) -> Any:
    """Return a network that says ``values(image)``, shape (OUTPUTS, K, J, I), of any image."""

    class Net(torch.nn.Module):
        def forward(self, batch: Any) -> Any:
            return torch.from_numpy(values(batch[0].numpy()))[None]

    return Net()


def test_any_shape_goes_in_and_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = {"coarse": nets.coarse_net().eval(), "fine": nets.fine_net().eval()}
    monkeypatch.setattr(run, "loaded", fresh.__getitem__)
    image = np.random.default_rng(1).normal(size=(2, 21, 30, 17)).astype(np.float32)
    threads = torch.get_num_threads()
    for name, organs in (("coarse", 0), ("fine", boxes.ORGANS)):
        out = run.forward(name, image)
        assert out.chances.shape == (boxes.CLASSES, 21, 30, 17)
        assert out.places.shape == (boxes.PLACES, 21, 30, 17)
        assert out.organs.shape == (organs, 21, 30, 17)
        assert np.allclose(out.chances.sum(0), 1.0, atol=1e-5)
        assert np.array_equal(run.forward(name, image).places, out.places)
        again = run.both_ways(name, image)
        assert np.array_equal(run.both_ways(name, image).chances, again.chances)
    assert torch.get_num_threads() == threads


def test_both_networks_fit_into_twelve_megabytes() -> None:
    count = sum(p.numel() for net in (nets.coarse_net(), nets.fine_net()) for p in net.parameters())
    assert 2 * count < 12e6


def test_errors_that_know_left_from_right_average_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that sees all 3 mm too far left, whatever it is shown, is put right."""
    x = np.linspace(-40.0, 40.0, 32, dtype=np.float32)

    def leaning(image: np.ndarray) -> np.ndarray:
        out = np.zeros((OUTPUTS, 16, 16, 32), np.float32)
        out[boxes.CLASSES] = (x + 3.0) / boxes.UNIT_MM
        out[boxes.CLASSES + 1] = 0.5
        out[boxes.FACE] = 9.0 * image[0]
        return out

    monkeypatch.setattr(run, "loaded", lambda name: saying(leaning))
    image = np.zeros((2, 16, 16, 32), np.float32)
    image[0, ..., :10] = 1.0
    out = run.both_ways("fine", image)
    assert np.allclose(out.places[0], x, atol=1e-4)
    assert np.allclose(out.places[1], 0.5 * boxes.UNIT_MM)
    assert (out.chances[boxes.FACE, ..., :10] > 0.9).all()
    assert (out.chances[boxes.FACE, ..., 10:] < 0.3).all()
