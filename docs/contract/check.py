#!/usr/bin/env python3
"""Checks the numeric contract with an implementation of its own: everything that decides bits, written in Python from
kernels/README.md, against the known answers beside this file.

    pip install numpy
    python3 docs/contract/check.py              # everything, in less than a minute
    python3 docs/contract/check.py products     # one file of answers
    python3 docs/contract/check.py --selftest   # plants alterations and sees that each is found

Prints a line for each file and ends with 0 where all answers are equal. Otherwise it names the first that differs, with its
operands, what was found and what was expected, and ends with 1.
"""

import argparse
import sys
import time

try:
    import numpy as np
except ImportError:
    sys.exit("NumPy is missing: python3 -m pip install numpy, or .ci/contract, which makes an environment of its own")

import selftest
import text
from answers import check_file
from families import FAMILIES, Difference


def check_all(names):
    """Checks the text and files of answers; whether all are equal."""
    equal = True
    try:
        constants, glyphs = text.check_text(text.full_text())
        print(f"kernels/README.md: {constants} constants and {glyphs} glyphs are those of docs/contract/*.py")
    except (Difference, OSError, ValueError) as error:
        equal = False
        print(error)
    for name in names:
        start = time.monotonic()
        try:
            answers, numbers = check_file(name)
        except (Difference, OSError, ValueError) as error:
            equal = False
            print(f"{name}: {error}", flush=True)
            continue
        seconds = time.monotonic() - start
        behind = f" and {numbers:,} numbers behind digests" if numbers else ""
        print(f"{name}: {answers:,} answers{behind} are equal ({seconds:.1f} s)", flush=True)
    return equal


def main():
    parser = argparse.ArgumentParser(description="Checks the numeric contract against its known answers.")
    parser.add_argument("--selftest", action="store_true", help="plant alterations and see that each is found")
    names = {name.removesuffix(".json"): name for name in FAMILIES}
    parser.add_argument("files", nargs="*", help=f"of {', '.join(names)}; all of them by default")
    arguments = parser.parse_args()
    if unknown := [file for file in arguments.files if file not in names]:
        parser.error(f"there is no {unknown[0]}.json; there are {', '.join(names)}")
    chosen = [names[file] for file in arguments.files] or list(FAMILIES)
    # Infinities and NaNs are among the answers.
    np.seterr(all="ignore")
    if arguments.selftest:
        return 0 if selftest.run(chosen) else 1
    return 0 if check_all(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
