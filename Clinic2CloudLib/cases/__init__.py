"""The case folder: policy, state, review, report, key and crosswalk."""
