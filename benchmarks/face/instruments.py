"""The instruments, run in their own environment: one JSON line for each picture of a list.

Looks for a face as MediaPipe's face mesh and dlib's CNN detector do, and describes the face that
lies where it must lie as dlib's recogniser does. What cannot be loaded is named on stderr.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

#: Where a face lies in a picture of pictures.py, as shares of its size: middle and half its side.
ACROSS, DOWN, HALF = 0.5, 0.56, 0.23


def mesh() -> Callable[[np.ndarray], object]:
    """Return whether MediaPipe's mesh finds a face."""
    import mediapipe

    look = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, min_detection_confidence=0.5
    )
    return lambda picture: bool(look.process(picture).multi_face_landmarks)


def models() -> Path:
    """Return the folder of dlib's models, without importing their package."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise ImportError("face_recognition_models is not installed")
    return Path(spec.origin).parent / "models"


def cnn() -> Callable[[np.ndarray], object]:
    """Return the confidence of dlib's CNN detector, 0 without a face."""
    import dlib

    look = dlib.cnn_face_detection_model_v1(str(models() / "mmod_human_face_detector.dat"))
    return lambda picture: max((float(found.confidence) for found in look(picture, 0)), default=0.0)


def embedding() -> Callable[[np.ndarray], object]:
    """Return dlib's 128 numbers for the face at its place, whether a detector sees it or not."""
    import dlib

    points = dlib.shape_predictor(str(models() / "shape_predictor_5_face_landmarks.dat"))
    describe = dlib.face_recognition_model_v1(
        str(models() / "dlib_face_recognition_resnet_model_v1.dat")
    )

    def look(picture: np.ndarray) -> object:
        size = picture.shape[0]
        x, y, half = (int(share * size) for share in (ACROSS, DOWN, HALF))
        place = dlib.rectangle(x - half, y - half, x + half, y + half)
        return list(describe.compute_face_descriptor(picture, points(picture, place)))

    return look


def main() -> None:
    """Look at each picture of the list."""
    instruments: dict[str, Callable[[np.ndarray], object]] = {}
    for name, load in (("mesh", mesh), ("cnn", cnn), ("embedding", embedding)):
        try:
            instruments[name] = load()
        except (ImportError, RuntimeError) as error:
            print(f"{name}: cannot be used here: {error}", file=sys.stderr)
    for path in map(Path, Path(sys.argv[1]).read_text("utf-8").splitlines()):
        picture = np.array(Image.open(path).convert("RGB"))
        found = {name: look(picture) for name, look in instruments.items()}
        print(json.dumps({"picture": path.name, **found}), flush=True)


if __name__ == "__main__":
    main()
