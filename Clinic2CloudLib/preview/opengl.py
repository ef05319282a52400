"""An off-screen render window that works with a screen, without one, and says so when it cannot."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

from ..errors import OutputError

NO_OPENGL = (
    "the 3D preview needs OpenGL and none works here: install libegl1 and libgl1-mesa-dri "
    "(or libosmesa6) on Debian and Ubuntu, mesa-libEGL and mesa-dri-drivers on Fedora and RHEL"
)


def off_screen_window() -> Any:
    """Return a vtkRenderWindow that draws off screen.

    On Linux without a display EGL is tried first (it uses a graphics card when there is one),
    then OSMesa (software). VTK would end the whole process on rendering into a window that has no
    OpenGL, so each is asked before it may draw.

    Raises
    ------
    OutputError
        When none of them has OpenGL; the text names the packages to install.
    """
    from vtkmodules import vtkRenderingOpenGL2
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    names = ["", "vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow"]
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        names.remove("")
    for name in names:
        kind = getattr(vtkRenderingOpenGL2, name, None) if name else vtkRenderWindow
        if kind is None:
            continue
        with quiet_vtk():
            window = kind()
            window.SetOffScreenRendering(True)
            if window.SupportsOpenGL():
                return window
    raise OutputError(NO_OPENGL)


@contextlib.contextmanager
def quiet_vtk() -> Iterator[None]:
    """Keep VTK's own log of failed attempts off the terminal: the error says what matters."""
    from vtkmodules.vtkCommonCore import vtkLogger, vtkObject

    before = vtkLogger.GetCurrentVerbosityCutoff()
    shown = vtkObject.GetGlobalWarningDisplay()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    vtkObject.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        vtkObject.SetGlobalWarningDisplay(shown)
        vtkLogger.SetStderrVerbosity(before)
