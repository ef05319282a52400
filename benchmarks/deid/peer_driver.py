"""Run a peer over a folder; started with the Python of the peer's own environment.

Usage: ``python peer_driver.py NAME SOURCE OUT``. Prints the seconds and the number of failures.
"""

import json
import logging
import sys
import time
import warnings
from pathlib import Path


def dicom_anonymizer(files, out):
    from dicomanonymizer import anonymize_dicom_file

    return lambda path: anonymize_dicom_file(str(path), str(out / path.name))


def deid(files, out):
    from deid.config import DeidRecipe
    from deid.dicom import replace_identifiers

    recipe = DeidRecipe("dicom")

    def one(path):
        changed = replace_identifiers(
            dicom_files=[str(path)], deid=recipe, save=False, remove_private=True
        )
        changed[0].save_as(out / path.name)

    return one


def dicognito(files, out):
    import pydicom
    from dicognito.anonymizer import Anonymizer

    anonymizer = Anonymizer(seed="benchmark")

    def one(path):
        ds = pydicom.dcmread(path)
        anonymizer.anonymize(ds)
        ds.save_as(out / path.name)

    return one


def pydicom_copy(files, out):
    import pydicom

    return lambda path: pydicom.dcmread(path).save_as(out / path.name)


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    name, source, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    files = sorted(source.glob("*.dcm"))
    one = globals()[name.replace("-", "_")](files, out)
    failures, began = {}, time.perf_counter()
    for path in files:
        try:
            one(path)
        except Exception as error:
            failures[path.name] = f"{type(error).__name__}: {error}"[:100]
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "failures": failures}))


if __name__ == "__main__":
    main()
