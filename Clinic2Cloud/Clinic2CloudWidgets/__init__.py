"""The parts of the Clinic2Cloud panel: one file a section, and what they share.

Nothing here is imported before the panel or the logic is first used, and nothing heavy at module
level. A sub-package, because Slicer loads every ``.py`` that lies directly in a module's folder.
"""
