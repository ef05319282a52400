"""What only the application can show: the module loads, its widget is made, its logic answers."""

import unittest

import slicer


class TestClinic2CloudInSlicer(unittest.TestCase):
    """Run by ``slicer_add_python_unittest`` inside Slicer."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear(0)

    def test_the_module_is_loaded_with_icon_and_help(self) -> None:
        """Slicer found the module and knows what to show of it."""
        module = slicer.util.getModule("Clinic2Cloud")
        self.assertFalse(module.icon.isNull())
        self.assertTrue(module.helpText)
        self.assertTrue(module.categories)

    def test_the_library_is_installed_beside_the_module(self) -> None:
        """The package comes from the extension, not from elsewhere."""
        import pathlib

        import Clinic2CloudLib

        library = pathlib.Path(Clinic2CloudLib.__file__).resolve().parent
        module = pathlib.Path(slicer.util.modulePath("Clinic2Cloud")).resolve().parent
        self.assertIn(library.parent, (module, module.parent))

    def test_every_bound_widget_names_a_field(self) -> None:
        """A misspelt SlicerParameterName binds nothing and says nothing."""
        import qt

        widget = slicer.util.getNewModuleWidget("Clinic2Cloud")
        try:
            fields = widget.logic.getParameterNode().allParameters
            every = widget.parent.findChildren(qt.QWidget)
            named = [n for n in (w.property("SlicerParameterName") for w in every) if n]
            self.assertTrue(named)
            self.assertEqual([name for name in named if name not in fields], [])
        finally:
            widget.cleanup()

    def test_the_panel_survives_closing_the_scene(self) -> None:
        """File, Close Scene leaves a panel that works on."""
        widget = slicer.util.getNewModuleWidget("Clinic2Cloud")
        try:
            slicer.mrmlScene.Clear(0)
            self.assertIsNotNone(widget.logic.getParameterNode())
        finally:
            widget.cleanup()


if __name__ == "__main__":
    unittest.main()
