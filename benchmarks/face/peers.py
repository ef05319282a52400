"""Make the peers' own virtual environment, and let them deface a head there.

``python -m benchmarks.face.peers`` makes it. They pin old packages, so that they stay apart from
the program's own; nothing of the program is imported there.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .environment import create, install, program_of, python_of

if TYPE_CHECKING:
    import SimpleITK as sitk

FOLDER = Path(__file__).resolve().parents[2] / "build" / "face-peers"
#: deepdefacer asks nibabel for what version 5 dropped, and its network is Keras 2's.
LIMITS = ("nibabel<5", "numpy<2")
PACKAGES = ("niimath==1.0.20261016", "quickshear==1.2.0", "tensorflow-cpu==2.15.*")
#: What these two ask for besides contradicts the limits, or is no more; what they use is listed.
ALONE = ("pydeface==2.1.0", "deepdefacer==2.1.2")
BESIDES = ("SimpleITK", "termcolor")
#: What a peer needs in the environment's folder of packages.
NEEDS = {
    "niimath": ("niimath", "pydeface/data"),
    "pydeface": ("pydeface/data",),
    "quickshear": ("quickshear.py", "nibabel"),
    "deepdefacer": ("deepdefacer", "tensorflow", "nibabel"),
}
#: Since SimpleITK 2 a transform takes no second one; a composite does, and means the same.
DEEPDEFACER = (
    "import SimpleITK\n"
    "SimpleITK.Transform = lambda first: SimpleITK.CompositeTransform([first])\n"
    "from deepdefacer.defacer import deface_3D_MRI\n"
    "deface_3D_MRI()"
)
#: A peer that takes longer has failed, s.
PATIENCE = 600


@dataclass(frozen=True)
class Given:
    """What a peer is given.

    Attributes
    ----------
    image : SimpleITK.Image
        The head.
    head, brain : Path
        The head and its brain's mask as NIfTI files.
    result : Path
        Where the peer writes.
    """

    image: sitk.Image
    head: Path
    brain: Path
    result: Path


def make() -> None:
    """Create the environment; what cannot be installed is said and left out."""
    create(FOLDER)
    for package in (*PACKAGES, *BESIDES):
        install(FOLDER, package, LIMITS)
    for package in ALONE:
        install(FOLDER, package, ("--no-deps",))


def present() -> list[str]:
    """Return the peers that are there."""
    found = [packages for packages in _packages() if packages.is_dir()]
    return [p for p in PEERS if found and all((found[0] / need).exists() for need in NEEDS[p])]


def deface(peer: str, given: Given) -> None:
    """Let a peer write its result; whatever it raises is its failure."""
    PEERS[peer](given)


def _niimath(given: Given) -> None:
    template, mask = pydeface_data()
    _call(
        [program_of(FOLDER, "niimath"), given.head, "-deface", template, mask, given.result], given
    )


def _pydeface(given: Given) -> None:
    """Do as pydeface does, whose own registration, FSL's, is not free to have.

    Its template is laid on the head affinely by mutual information, its mask goes along, and the
    head is multiplied by it, soft as the mask's border is.
    """
    import SimpleITK as sitk

    from .cost import register

    template, mask = (sitk.ReadImage(str(p), sitk.sitkFloat32) for p in pydeface_data())
    transform = register(template, given.image)
    # Off the template there is nothing to keep: as FSL fills, with zeros.
    laid: Any = sitk.Resample(mask, given.image, transform, sitk.sitkLinear, 0.0)
    sitk.WriteImage(given.image * sitk.Cast(laid, sitk.sitkFloat32), str(given.result))


def _quickshear(given: Given) -> None:
    _call([python_of(FOLDER), "-m", "quickshear", given.head, given.brain, given.result], given)


def _deepdefacer(given: Given) -> None:
    line = [python_of(FOLDER), "-c", DEEPDEFACER, "--input_file", given.head]
    _call([*line, "--defaced_output_path", given.result], given)


PEERS: dict[str, Callable[[Given], None]] = {
    "niimath": _niimath,
    "pydeface": _pydeface,
    "quickshear": _quickshear,
    "deepdefacer": _deepdefacer,
}


def _call(line: list[Any], given: Given) -> None:
    """Run a peer in the folder of its files: some leave theirs where they are."""
    subprocess.run(
        [str(part) for part in line],
        cwd=given.result.parent,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )


def pydeface_data() -> tuple[Path, Path]:
    """Return pydeface's template and its mask."""
    data = next(p for p in _packages() if p.is_dir()) / "pydeface" / "data"
    return data / "mean_reg2mean.nii.gz", data / "facemask.nii.gz"


def _packages() -> list[Path]:
    return [*FOLDER.glob("lib/python*/site-packages"), FOLDER / "Lib" / "site-packages"]


if __name__ == "__main__":
    make()
