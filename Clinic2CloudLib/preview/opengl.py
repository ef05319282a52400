"""An off-screen render window that works with a screen, without one, and says so when it cannot."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from typing import Any

from ..errors import OutputError

NO_OPENGL = (
    "no OpenGL works here: install libegl1 and libgl1-mesa-dri "
    "(or libosmesa6) on Debian and Ubuntu, mesa-libEGL and mesa-dri-drivers on Fedora and RHEL"
)

#: VTK's kinds of window on Linux, best first, and the libraries each loads when it draws.
_LINUX_WINDOWS = (
    ("vtkXOpenGLRenderWindow", ("libGLX.so.0", "libGL.so.1")),
    ("vtkEGLRenderWindow", ("libEGL.so.1", "libEGL.so")),
    ("vtkOSOpenGLRenderWindow", ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so")),
)


def off_screen_window() -> Any:
    """Return a vtkRenderWindow that draws off screen.

    On Linux without a display EGL is tried first (it uses a graphics card when there is one),
    then OSMesa (software). VTK ends the whole process when it draws into a window that has no
    OpenGL, or whose library is missing: the library is looked for first, then the window asked.

    Raises
    ------
    OutputError
        When none of them has OpenGL; the text names the packages to install.
    """
    try:
        from vtkmodules import vtkRenderingOpenGL2
        from vtkmodules.vtkRenderingCore import vtkRenderWindow
    except ImportError as error:  # a library of the system that VTK's wheel does not bring
        raise OutputError(NO_OPENGL) from error
    kinds: list[Any] = [vtkRenderWindow]
    if sys.platform.startswith("linux"):
        kinds = [
            getattr(vtkRenderingOpenGL2, name, None)
            for name, libraries in _LINUX_WINDOWS
            if any(_loads(library) for library in libraries)
            and (not name.startswith("vtkX") or os.environ.get("DISPLAY"))
        ]
    for kind in kinds:
        if kind is None:
            continue
        with quiet_vtk():
            window = kind()
            window.SetOffScreenRendering(True)
            if window.SupportsOpenGL():
                return window
    raise OutputError(NO_OPENGL)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


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
