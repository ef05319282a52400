#!/bin/sh
# Run tests that live in the stand-in for Slicer, in a process of their own.
#   Qt, VTK and slicer-core share that process, and once in a while they end it between them. A crash
#   (a signal, not a failed test) is said aloud and tried once more; a failed test fails at once.
"$@"
code=$?
if [ "$code" -ge 128 ]; then
    echo "the stand-in host crashed (exit code $code); trying once more"
    "$@"
    code=$?
fi
exit "$code"
