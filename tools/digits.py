"""Write course_utils/data/files/digits.txt from the data set's own file.

    python tools/digits.py optdigits.tes

The file is the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998), UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, licensed under CC BY 4.0: 1797 lines of 64 counts and a label.
scikit-learn's wheel holds the same lines as sklearn/datasets/data/digits.csv.gz; either is accepted.

In digits.txt a line is a picture: the label, a space, and a character for each of its 8 x 8 counts from 0 to 16, row by
row: 0 to 9, then a to g.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

PLACE = Path(__file__).parents[1] / "course_utils" / "data" / "files" / "digits.txt"
_SYMBOLS = "0123456789abcdefg"


def main() -> None:
    """Read the file named on the command line, write ours."""
    parser = argparse.ArgumentParser(prog="python tools/digits.py", description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="optdigits.tes or digits.csv.gz")
    raw = parser.parse_args().source.read_bytes()
    text = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    PLACE.write_text(converted(text.decode("ascii")), encoding="ascii", newline="\n")
    print(f"{PLACE} is written.")


def converted(text: str) -> str:
    """The lines of digits.txt.

    Args:
        text: A line for each picture: 64 counts and the label, with commas between.

    Raises:
        ValueError: If it is another file.
    """
    rows = [[int(float(entry)) for entry in line.split(",")] for line in text.split()]
    if len(rows) != 1797 or any(len(row) != 65 or not 0 <= min(row) <= max(row) <= 16 for row in rows):
        raise ValueError(
            f"Digits: expected 1797 lines of 64 counts from 0 to 16 and a label, got {len(rows)} lines, of which the "
            f"first has {len(rows[0]) if rows else 0} numbers. Take the test part of the data set, optdigits.tes."
        )
    return "".join(f"{row[64]} {''.join(_SYMBOLS[count] for count in row[:64])}\n" for row in rows)


if __name__ == "__main__":
    main()
