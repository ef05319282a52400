"""Figures side by side with our peers', and the fuzzer; `python -m benchmarks` lists them."""
