"""Harm by archives: members that lead out, that are none, that unpack without end."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.hostile.case import ATTACKER, Case, put

NAME = "sliding_windows.ipynb"
Members = Callable[[zipfile.ZipFile, bytes], None]


def _zipped(fill: Members, change: Callable[[bytes], bytes] = bytes) -> Callable[[Path, bytes], None]:
    """Hands in a zip that `fill` fills and `change` damages."""

    def files(folder: Path, data: bytes) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
            # Two members of one name are what a case is about.
            warnings.simplefilter("ignore")
            fill(archive, data)
        put(folder / f"{ATTACKER}.zip", change(buffer.getvalue()))

    return files


def _named(*names: str) -> Members:
    def fill(archive: zipfile.ZipFile, data: bytes) -> None:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name
            archive.writestr(info, data)

    return fill


def _typed(kind: int, content: str) -> Members:
    """The notebook as a member of another type: a link, a device, a pipe."""

    def fill(archive: zipfile.ZipFile, data: bytes) -> None:
        info = zipfile.ZipInfo(NAME)
        info.create_system = 3
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, content)

    return fill


def _link_folder(archive: zipfile.ZipFile, data: bytes) -> None:
    info = zipfile.ZipInfo("a1_convolution")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "../nora")
    archive.writestr(f"a1_convolution/{NAME}", data)


def _bomb(archive: zipfile.ZipFile, data: bytes) -> None:
    archive.writestr(NAME, data)
    archive.writestr("picture.png", bytes(200_000_000))


def _overlapping(data: bytes) -> bytes:
    """Every entry of the directory points to the first member: little that is unpacked often."""
    parts = data.split(b"PK\x01\x02")
    first = struct.pack("<I", 0)
    return parts[0] + b"".join(b"PK\x01\x02" + part[:38] + first + part[42:] for part in parts[1:])


def _lying_sizes(data: bytes) -> bytes:
    """Sizes in the directory say that the members are small."""
    parts = data.split(b"PK\x01\x02")
    return parts[0] + b"".join(b"PK\x01\x02" + part[:20] + struct.pack("<I", 10) + part[24:] for part in parts[1:])


def _nested(archive: zipfile.ZipFile, data: bytes) -> None:
    inner = data
    for level in range(20):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(NAME if level == 0 else "inner.zip", inner)
        inner = buffer.getvalue()
    archive.writestr("inner.zip", inner)


def _many(archive: zipfile.ZipFile, data: bytes) -> None:
    archive.writestr(NAME, data)


def _many_entries(data: bytes) -> bytes:
    """The directory's one entry a hundred thousand times."""
    start = data.index(b"PK\x01\x02")
    entry, end = data[start : data.index(b"PK\x05\x06")], data[data.index(b"PK\x05\x06") :]
    count = 100_000
    size = struct.pack("<HHI", count & 0xFFFF, count & 0xFFFF, len(entry) * count)
    return data[:start] + entry * count + end[:8] + size + end[16:]


def _locked(data: bytes) -> bytes:
    """Members that say they are encrypted."""
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := data.find(mark, start)) >= 0:
            data = data[: start + place] + b"\x01\x00" + data[start + place + 2 :]
            start += 4
    return data


def _tar(folder: Path, data: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, kind, target in (
            (f"../../{NAME}", tarfile.REGTYPE, ""),
            ("link", tarfile.SYMTYPE, "/etc/passwd"),
            ("disk", tarfile.BLKTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, target, len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    put(folder / ATTACKER / "work.tar.gz", buffer.getvalue())
    put(folder / ATTACKER / "work.zip", buffer.getvalue())


def _gzip_bomb(folder: Path, data: bytes) -> None:
    put(folder / ATTACKER / NAME, zlib.compress(bytes(100_000_000)))
    put(folder / ATTACKER / f"{NAME}.gz", zlib.compress(bytes(100_000_000)))


CASES = (
    Case(
        id="a member above the archive",
        threat="18 dotdot",
        tries="Unpacked beside the gradebook.",
        files=_zipped(_named(NAME, "../../gradebook.db", "..\\..\\gradebook.db")),
    ),
    Case(
        id="a member at an absolute path",
        threat="18 absolute paths",
        tries="Unpacked wherever it says.",
        files=_zipped(_named(NAME, "/tmp/absolute.ipynb", "C:\\x.ipynb", "//server/x")),
    ),
    Case(
        id="a link to the secret as a member",
        threat="18 links",
        tries="Unpacked and read, it shows what it points to.",
        files=_zipped(_typed(stat.S_IFLNK, "../../secret")),
    ),
    Case(
        id="a member below a link",
        threat="18 links",
        tries="The first member is a link to another student's folder, the second lies in it.",
        files=_zipped(_link_folder),
    ),
    Case(
        id="a device as a member",
        threat="18 devices",
        tries="Reading it never ends.",
        files=_zipped(_typed(stat.S_IFCHR, "")),
    ),
    Case(
        id="a pipe as a member",
        threat="18 devices",
        tries="Opening it waits for ever.",
        files=_zipped(_typed(stat.S_IFIFO, "")),
    ),
    Case(
        id="200 KB that unpack to 200 MB",
        threat="18 bomb",
        tries="Memory or disk is full.",
        files=_zipped(_bomb),
    ),
    Case(
        id="members that lie on each other",
        threat="18 bomb",
        tries="Many entries of the directory share the same bytes.",
        files=_zipped(_named(*(f"{n}.ipynb" for n in range(300))), _overlapping),
    ),
    Case(
        id="members that say they are small",
        threat="18 bomb",
        tries="Sizes are checked before they are true.",
        files=_zipped(_bomb, _lying_sizes),
    ),
    Case(
        id="a compressed file by the notebook's name",
        threat="18 bomb",
        tries="A hundred megabytes of zeros, unpacked by whoever is kind.",
        files=_gzip_bomb,
    ),
    Case(
        id="archives in archives",
        threat="18 nested",
        tries="Twenty levels, each opened by whoever looks into it.",
        files=_zipped(_nested),
    ),
    Case(
        id="a hundred thousand members",
        threat="18 many members",
        tries="Each entry costs a kilobyte of memory.",
        files=_zipped(_many, _many_entries),
    ),
    Case(
        id="one name twice",
        threat="18 duplicate names",
        tries="One is checked, the other is graded.",
        files=_zipped(_named(NAME, NAME)),
    ),
    Case(
        id="names that differ in case",
        threat="18 case",
        tries="On some disks they are one file.",
        files=_zipped(_named(NAME, NAME.upper(), NAME.title())),
    ),
    Case(
        id="names that differ in Unicode form",
        threat="18 Unicode form",
        tries="On some disks they are one file.",
        files=_zipped(_named(*(unicodedata.normalize(form, f"é/{NAME}") for form in ("NFC", "NFD")))),
    ),
    Case(
        id="an encrypted archive",
        threat="18 encrypted",
        tries="The reader asks for a password, or stops.",
        files=_zipped(_named(NAME), _locked),
    ),
    Case(
        id="half an archive",
        threat="18 truncated",
        tries="The reader stops.",
        files=_zipped(_named(NAME, "b.ipynb"), lambda data: data[: len(data) // 2]),
    ),
    Case(
        id="an archive without its directory",
        threat="18 truncated",
        tries="The reader stops.",
        files=_zipped(_named(NAME), lambda data: data[: data.index(b"PK\x01\x02") + 10]),
    ),
    Case(
        id="a tar by the name of a zip",
        threat="18 links",
        tries="Links and devices in another format.",
        files=_tar,
    ),
)
