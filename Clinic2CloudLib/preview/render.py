"""Pictures of the skin from fixed sides, off screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError, OutputError
from .opengl import off_screen_window, quiet_vtk
from .software import draw_in_software
from .surface import Resampled, Transfer, resample, skin_surface, skin_transfer
from .views import AZIMUTH, SHEET_VIEWS, Frame, aim, frame_of

#: Behind the head; a picture element of exactly this colour shows nothing of the patient.
BACKGROUND = (22, 26, 33)
#: Matt clay: shape shows by light alone, and nobody takes it for a photograph.
CLAY = (0.86, 0.78, 0.70)
#: Lights by place (right, up, towards the viewer): a key light from above beside the camera, and
#: two weaker ones against the shadows.
LIGHTS: Mapping[tuple[float, float, float], float] = {
    (-0.55, 0.75, 1.0): 0.78,
    (0.9, 0.05, 0.9): 0.30,
    (0.0, -0.6, 0.9): 0.12,
}


def render_views(
    values: np.ndarray,
    ijk_to_ras: np.ndarray,
    modality: str,
    transfer: Transfer | None = None,
    views: Sequence[str] = SHEET_VIEWS,
    size: int = 512,
    frame: Frame | None = None,
) -> dict[str, np.ndarray]:
    """Render the skin of a volume.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (K, J, I), modality values (HU for CT).
    ijk_to_ras : numpy.ndarray
        4 x 4, mm; any orientation, also oblique or left-handed.
    modality : str
        In any case.
    transfer : Transfer, optional
        What is skin. Give the original's when rendering its de-identified form.
    views : sequence of str
        Names from :data:`~Clinic2CloudLib.preview.views.AZIMUTH`.
    size : int
        Width and height in pixels.
    frame : Frame, optional
        What the cameras look at; by default all that is skin.

    Returns
    -------
    dict
        View name to (size, size, 3) uint8, red, green, blue.

    Raises
    ------
    InputError
        For an unknown view or a volume that is not one.
    """
    volume = _checked(values, ijk_to_ras, views)
    transfer = transfer or skin_transfer(volume.values, modality)
    surface = skin_surface(volume, transfer)
    frame = frame or frame_of(surface_points(surface, volume.ijk_to_ras))
    return draw(surface, volume.ijk_to_ras, frame, views, size)


def render_pair(
    before: np.ndarray,
    after: np.ndarray,
    ijk_to_ras: np.ndarray,
    modality: str,
    views: Sequence[str] = SHEET_VIEWS,
    size: int = 512,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Render original and de-identified values alike: the original's skin level, one camera.

    Parameters and errors as in :func:`render_views`; both arrays have shape (K, J, I).
    """
    volume = _checked(before, ijk_to_ras, views)
    transfer = skin_transfer(volume.values, modality)
    pair = [(volume, skin_surface(volume, transfer))]
    changed = resample(after, ijk_to_ras)
    pair.append((changed, skin_surface(changed, transfer)))
    # Both bodies are in the picture, so that nothing added to the second can lie outside it.
    points = [surface_points(surface, volume.ijk_to_ras) for volume, surface in pair]
    frame = frame_of(np.concatenate(points))
    first, second = (draw(surface, v.ijk_to_ras, frame, views, size) for v, surface in pair)
    return first, second


def _checked(values: np.ndarray, ijk_to_ras: np.ndarray, views: Sequence[str]) -> Resampled:
    unknown = [view for view in views if view not in AZIMUTH]
    if unknown:
        raise InputError(f"there is no view {unknown[0]!r}; the views are {', '.join(AZIMUTH)}")
    if values.ndim != 3 or min(values.shape) < 2:
        raise InputError("a 3D preview needs a volume of at least two slices, rows and columns")
    if abs(np.linalg.det(ijk_to_ras[:3, :3])) < 1e-9:
        raise InputError("a 3D preview needs a volume whose axes span space")
    return resample(values, ijk_to_ras)


def surface_points(surface: Any, ijk_to_ras: np.ndarray) -> np.ndarray:
    """Return the points of a surface in RAS, mm, shape (n, 3)."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    if not surface.GetNumberOfPoints():
        return np.zeros((0, 3))
    points = vtk_to_numpy(surface.GetPoints().GetData())
    return np.asarray(points @ ijk_to_ras[:3, :3].T + ijk_to_ras[:3, 3])


def draw(
    surface: Any, ijk_to_ras: np.ndarray, frame: Frame, views: Sequence[str], size: int
) -> dict[str, np.ndarray]:
    """Draw a surface in index coordinates from each view, with OpenGL or else without."""
    try:
        # First of all: it loads VTK's OpenGL parts, without which a renderer draws nothing.
        window = off_screen_window()
    except OutputError:
        window = None
    if window is not None:
        pictures = _draw_in(window, surface, ijk_to_ras, frame, views, size)
        # Some drivers answer every call and draw nothing; that must not pass for "no face".
        if all((picture[0] == BACKGROUND).all(axis=-1).any() for picture in pictures.values()):
            return pictures
    return draw_in_software(surface, ijk_to_ras, frame, views, size, LIGHTS, CLAY, BACKGROUND)


def _draw_in(
    window: Any,
    surface: Any,
    ijk_to_ras: np.ndarray,
    frame: Frame,
    views: Sequence[str],
    size: int,
) -> dict[str, np.ndarray]:
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

    matrix = vtkMatrix4x4()
    matrix.DeepCopy(ijk_to_ras.ravel().tolist())
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(surface)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.SetUserMatrix(matrix)
    look = actor.GetProperty()
    look.SetColor(*CLAY)
    look.SetAmbient(0)
    look.SetDiffuse(1)
    renderer = vtkRenderer()
    renderer.SetBackground(*(c / 255 for c in BACKGROUND))
    renderer.AddActor(actor)
    _light(renderer)
    window.SetSize(size, size)
    window.SetMultiSamples(0)
    renderer.UseFXAAOn()
    window.AddRenderer(renderer)
    pictures = {}
    with quiet_vtk():
        for view in views:
            aim(renderer.GetActiveCamera(), frame, view)
            renderer.ResetCameraClippingRange()
            window.Render()
            pictures[view] = _picture(window)
        window.Finalize()
    return pictures


def _light(renderer: Any) -> None:
    from vtkmodules.vtkRenderingCore import vtkLight

    renderer.AutomaticLightCreationOff()
    for position, intensity in LIGHTS.items():
        light = vtkLight()
        light.SetLightTypeToCameraLight()
        light.SetPosition(*position)
        light.SetFocalPoint(0, 0, 0)
        light.SetIntensity(intensity)
        renderer.AddLight(light)


def _picture(window: Any) -> np.ndarray:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

    width, height = window.GetSize()
    pixels = vtkUnsignedCharArray()
    window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, pixels)
    rows = vtk_to_numpy(pixels).reshape(height, width, 4)[::-1, :, :3]
    return np.ascontiguousarray(rows)
