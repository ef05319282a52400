"""A few volume rendering presets under Slicer's names.

Slicer ships some thirty; these have the same absolute kind of points (an MR preset from 0 to 1024,
a CT preset in Hounsfield units), not the same numbers.
"""

from __future__ import annotations

from pathlib import Path

Point = tuple[float, float]
Colour = tuple[float, float, float, float]

PRESETS: dict[str, tuple[list[Point], list[Colour]]] = {
    "MR-Default": (
        [(0, 0.0), (20, 0.0), (40, 0.15), (120, 0.3), (220, 0.38), (1024, 0.5)],
        [(0, 0, 0, 0), (40, 0.17, 0, 0), (220, 0.8, 0.5, 0.4), (1024, 1, 1, 1)],
    ),
    "CT-AAA": (
        [(-3024, 0.0), (143, 0.0), (166, 0.68), (214, 0.69), (3071, 0.8)],
        [(-3024, 0, 0, 0), (143, 0.6, 0.3, 0.15), (214, 1, 1, 1), (3071, 0.83, 0.66, 1)],
    ),
    "CT-Bone": (
        [(-3024, 0.0), (-16, 0.0), (641, 0.71), (3071, 0.7)],
        [(-3024, 0, 0, 0), (-16, 0.73, 0.25, 0.3), (641, 0.9, 0.82, 0.56), (3071, 1, 1, 1)],
    ),
}


def write_presets(path: Path) -> None:
    """Write them as the scene file that vtkSlicerVolumeRenderingLogic reads."""
    nodes = []
    for number, (name, (opacity, colours)) in enumerate(PRESETS.items(), 1):
        opacities = " ".join(f"{x} {y}" for x, y in opacity)
        shades = " ".join(f"{x} {r} {g} {b}" for x, r, g, b in colours)
        nodes.append(
            f'<VolumeProperty id="vtkMRMLVolumePropertyNode{number}" name="{name}" '
            f'interpolation="1" shade="1" ambient="0.2" diffuse="1" specular="0" '
            f'gradientOpacity="4 0 1 255 1" scalarOpacity="{2 * len(opacity)} {opacities}" '
            f'colorTransfer="{4 * len(colours)} {shades}"></VolumeProperty>'
        )
    text = '<MRML version="Slicer5.12">\n' + "\n".join(nodes) + "\n</MRML>\n"
    path.write_text(text, encoding="utf-8")
