"""Directories cut into files small enough to be carried, and joined again. Standard library only.

A piece is named NAME.I-of-N, from 1 on: the bytes of one tar archive in order. By hand: cat NAME.*-of-N | tar x.
"""

import math
import os
import re
import subprocess

PIECE = re.compile(r"(?P<name>.+)\.(?P<number>\d+)-of-(?P<count>\d+)")


def cut(directory, name, out, size):
    """Cuts a directory into pieces of `size` bytes at most in `out`; returns their paths."""
    whole = os.path.join(out, name + ".part")
    subprocess.run(["tar", "cf", whole, "-C", directory, "."], check=True)
    count = max(1, math.ceil(os.path.getsize(whole) / size))
    paths = []
    with open(whole, "rb") as file:
        for number in range(1, count + 1):
            # As many digits each, so that names are in the order of their bytes.
            paths.append(os.path.join(out, f"{name}.{number:0{len(str(count))}}-of-{count}"))
            with open(paths[-1], "wb") as piece:
                piece.write(file.read(size))
    os.remove(whole)
    return paths


def joined(store, target):
    """Unpacks what is complete in `store` to target/NAME and removes it there; returns the names.

    Raises ValueError naming pieces that are missing, or more than one set of a name.
    """
    sets = {}
    for entry in sorted(os.listdir(store)):
        match = PIECE.fullmatch(entry)
        if match:
            sets.setdefault(match["name"], {}).setdefault(int(match["count"]), {})[int(match["number"])] = os.path.join(store, entry)
    for name, counts in sets.items():
        if len(counts) > 1:
            raise ValueError(f"{name}: found pieces of sets of {' and of '.join(map(str, sorted(counts)))}, expected one set")
        (count, pieces), = counts.items()
        missing = [number for number in range(1, count + 1) if number not in pieces]
        if missing:
            raise ValueError(f"{name}: pieces {', '.join(map(str, missing))} of {count} are missing")
    for name, counts in sets.items():
        (count, pieces), = counts.items()
        directory = os.path.join(target, name)
        os.makedirs(directory, exist_ok=True)
        with subprocess.Popen(["tar", "xf", "-", "-C", directory], stdin=subprocess.PIPE) as tar:
            for number in range(1, count + 1):
                with open(pieces[number], "rb") as piece:
                    tar.stdin.write(piece.read())
        if tar.returncode != 0:
            raise ValueError(f"{name}: its pieces are no tar archive")
        for path in pieces.values():
            os.remove(path)
    return sorted(sets)
