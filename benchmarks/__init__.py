"""Figures side by side with our peers', and the fuzzer; `python -m benchmarks` lists them."""

from __future__ import annotations

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; a row that is shorter says why in words."""
    whole = [row for row in rows if len(row) == len(rows[0])]
    widths = [max(len(row[column]) for row in whole) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        print("  ".join(cells if len(row) == len(widths) else [row[0].ljust(widths[0]), *row[1:]]))
        if not number:
            print("  ".join("-" * width for width in widths))
