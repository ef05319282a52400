"""The library imports inside the application, with the packages that Slicer brings."""

import unittest


class TestLibraryInSlicer(unittest.TestCase):
    """Run by ``slicer_add_python_unittest`` inside Slicer, and by pytest outside."""

    def test_the_library_imports_and_has_its_data(self) -> None:
        """Every resource the packager listed is where the code looks for it."""
        import importlib.resources

        import Clinic2CloudLib

        files = importlib.resources.files(Clinic2CloudLib)
        self.assertTrue(files.joinpath("cases", "report.html").is_file())
        self.assertTrue(files.joinpath("dicom", "profile", "tables", "profile.json").is_file())

    def test_uids_are_keyed(self) -> None:
        """The first thing every case needs works: the same key gives the same new UID."""
        from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms

        one, same = Pseudonyms(b"k" * 32), Pseudonyms(b"k" * 32)
        other = Pseudonyms(b"x" * 32)
        self.assertEqual(one.uid("1.2.3"), same.uid("1.2.3"))
        self.assertNotEqual(one.uid("1.2.3"), other.uid("1.2.3"))


if __name__ == "__main__":
    unittest.main()
