"""Archives for tests, whose Java is a Python program."""

import io
import sys
import tarfile


def write(path, name, program):
    """Writes an archive of a directory `name` with runtime/bin/java."""
    java = f"#!{sys.executable}\n{program}".encode()
    with tarfile.open(path, "w:xz", preset=0) as archive:
        entry = tarfile.TarInfo(name + "/runtime/bin/java")
        entry.size, entry.mode = len(java), 0o755
        archive.addfile(entry, io.BytesIO(java))
