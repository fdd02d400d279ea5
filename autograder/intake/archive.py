"""Zips as they were handed in. Nothing is unpacked to the disk; members are read one by one, each up to a limit."""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath

from autograder.errors import SubmissionError
from autograder.intake.files import Found, is_junk
from autograder.intake.read import MAX_FILE_BYTES, too_large
from autograder.intake.text import shown

MAX_ZIP_BYTES = 50_000_000
MAX_MEMBERS = 1_000
# Far beyond what any system takes. Some steps take the square of a name's length.
MAX_NAME_CHARS = 1_000
MAX_UNPACKED_BYTES = 200_000_000
# A notebook's text shrinks to a tenth or so, an empty picture in it further; a bomb to a thousandth.
MAX_RATIO = 200
# Zeros that were printed in a loop shrink as well as a bomb; so much of it is soon read, bomb or not.
_SMALL_BYTES = 20_000_000

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
_PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)
_ADVICE = "Hand in the notebook by itself, or make the zip anew from plain files."


def zip_too_large(name: str, size: int) -> str:
    """The message for a zip above the limit of `MAX_ZIP_BYTES`."""
    return f"{name}: expected at most {MAX_ZIP_BYTES // 1_000_000} MB, got {-(-size // 1_000_000)} MB. {_ADVICE}"


def members(data: bytes, original: str) -> list[Found]:
    """The files in a zip, the shallowest first.

    Archives within it are listed, and never opened.

    Args:
        data: The zip's bytes.
        original: Where it is, relative to the submissions folder.

    Raises:
        SubmissionError: If it is damaged, or holds what an honest zip doesn't.
    """
    name = shown(PurePosixPath(original).name)
    # Counted before the directory of the zip is read: each entry would cost a kilobyte of memory.
    if data.count(b"PK\x01\x02") > MAX_MEMBERS:
        raise SubmissionError(f"{name}: expected at most {MAX_MEMBERS} files in the zip, got more. {_ADVICE}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
    except _BROKEN:
        problem = f"{name}: expected a zip, got a damaged one or something else. Make it anew, or hand in the notebook."
        raise SubmissionError(problem) from None
    _refuse_bombs(name, infos, len(data))
    files: dict[str, Found] = {}
    paths = [(path, info) for info in infos if (path := _member_path(name, info)) is not None]
    for path, info in sorted(paths, key=lambda pair: (len(pair[0].parts), pair[0])):
        key = unicodedata.normalize("NFC", str(path)).casefold()
        if key in files:
            fault = f"two files of one name, '{shown(str(path))}', or names that differ in case only"
            raise SubmissionError(f"{name}: expected each file once, got {fault}. {_ADVICE}")
        files[key] = Found(path.name, f"{original}/{path}", _reader(data, info, path.name))
    return list(files.values())


def is_archive(file_name: str) -> bool:
    """Whether a file's name says that it is an archive."""
    return file_name.lower().endswith(_ARCHIVES)


def _refuse_bombs(name: str, infos: list[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(info.file_size for info in infos)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > _SMALL_BYTES and unpacked > MAX_RATIO * packed):
        got = f"{packed / 1e6:.1f} MB that unpack to {unpacked / 1e6:.0f} MB"
        raise SubmissionError(f"{name}: expected a zip of notebooks, got {got}. {_ADVICE}")


def _member_path(name: str, info: zipfile.ZipInfo) -> PurePosixPath | None:
    """Where a member says it belongs; None for folders and junk.

    Raises:
        SubmissionError: If it is no plain file at a plain place.
    """
    written = info.orig_filename.replace("\\", "/")
    path = PurePosixPath(written)
    if any(is_junk(part) for part in path.parts if part != ".."):
        # A virtual environment, say, has links in it; nothing of it is read.
        return None
    fault = None
    if "\x00" in written or not path.parts or len(written) > MAX_NAME_CHARS:
        fault = "a file without a proper name"
    elif path.is_absolute() or re.match(r"[A-Za-z]:", written):
        fault = f"'{shown(written)}', which has an absolute path"
    elif ".." in path.parts:
        fault = f"'{shown(written)}', which points out of the zip"
    elif stat.S_IFMT(info.external_attr >> 16) not in _PLAIN:
        fault = f"'{shown(written)}', which is a link or a device"
    elif info.flag_bits & 0x1:
        fault = f"'{shown(written)}', which is locked by a password"
    if fault:
        raise SubmissionError(f"{name}: expected a zip of plain files, got {fault}. {_ADVICE}")
    if info.is_dir() or written.endswith("/"):
        return None
    return path


def _reader(data: bytes, info: zipfile.ZipInfo, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        label = shown(name)
        # Other methods may take gigabytes of memory to unpack a few bytes.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SubmissionError(f"{label}: expected an ordinary zip, got an unusual compression. {_ADVICE}")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(info) as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except _BROKEN:
            raise SubmissionError(f"{label}: expected a whole file in the zip, got a damaged one. {_ADVICE}") from None
        if len(content) > MAX_FILE_BYTES:
            raise SubmissionError(too_large(label, max(info.file_size, len(content))))
        return content

    return read
