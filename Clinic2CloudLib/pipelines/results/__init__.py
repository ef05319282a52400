"""Results as DICOM: segmentation, structured report, and what marks both as this study's."""
