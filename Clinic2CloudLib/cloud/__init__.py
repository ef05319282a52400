"""DICOMweb client, outbox, upload and jobs; the embedded server lives in server/."""
