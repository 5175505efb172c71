"""Reads the files of the JavaScript package, and packs them as a tarball that npm installs.

npm records a hash of the tarball in the lock file of a project, so its bytes depend on the files alone: not on the
machine, the time or the version of zlib.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
SUFFIXES = {".js", ".ts", ".json", ".md"}
NAME = "mockserver-kit"
# The time of every file that npm itself packs, 1985-10-26T08:15:00Z; some tools refuse the year 1970.
MODIFIED = 499162500
# RFC 1952, section 2.3: deflate, no flags, no time, no hint about the compression, an unknown system.
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
BLOCK = 0xFFFF


def read_files() -> dict[str, bytes]:
    """The content of each file of the package by its name, sorted."""
    paths = sorted(path for path in FOLDER.iterdir() if path.suffix in SUFFIXES)
    return {path.name: path.read_bytes() for path in paths}


@cache
def pack() -> bytes:
    """The package as npm packs one: a gzipped tar archive with the files in the folder `package`."""
    # Imported here, because it would delay the start of every server, and few are asked for the package.
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in read_files().items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o644, MODIFIED
            archive.addfile(entry, io.BytesIO(content))
    return _gzip(buffer.getvalue())


def _gzip(content: bytes) -> bytes:
    """The content in gzip's format (RFC 1952), stored without compression, which versions of zlib do differently."""
    trailer = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return GZIP_HEADER + b"".join(_stored_blocks(content)) + trailer


def _stored_blocks(content: bytes) -> Iterator[bytes]:
    """The content as stored blocks of deflate (RFC 1951, section 3.2.4)."""
    for start in range(0, len(content), BLOCK):
        block = content[start : start + BLOCK]
        is_last = start + BLOCK >= len(content)
        size = len(block)
        yield bytes([is_last]) + size.to_bytes(2, "little") + (size ^ BLOCK).to_bytes(2, "little") + block
