"""The address of a gradebook in a database: what is accepted, and how it is written where people can read it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from autograder.errors import CourseError

_POSTGRESQL = ("postgresql", "postgresql+psycopg")
_EXAMPLE = "postgresql+psycopg://user@host/database"


def check_address(path: Path, url: object) -> str:
    """Read an address as course.toml gives it; the messages never repeat it, because it may hold a password.

    Args:
        path: Of course.toml.
        url: What stands there.

    Returns:
        The address with the driver that is an extra of ours.

    Raises:
        CourseError: If it is none.
    """
    scheme, separator, rest = str(url).partition("://")
    if scheme not in _POSTGRESQL or not separator:
        raise CourseError(
            f"{path}: gradebook: expected {_EXAMPLE}, got an address of another kind. Leave it out for a file."
        )
    address = f"{_POSTGRESQL[-1]}://{rest}"
    if not _is_whole(address):
        raise CourseError(
            f"{path}: gradebook: expected {_EXAMPLE}, got something that can't be taken apart. In a password write "
            "@ as %40, / as %2F, ? as %3F, # as %23; or leave it out and put it into ~/.pgpass or PGPASSWORD."
        )
    return address


def _is_whole(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    one_login = parts.netloc.count("@") < 2 and "@" not in parts.path
    return one_login and not parts.fragment and parts.path not in {"", "/"} and port != 0


def shown(url: str) -> str:
    """An address without its password and its options, for people."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{parts.scheme}://{user}{':***' if colon else ''}{at}{host}{parts.path}"


def without_password(text: str, url: str) -> str:
    """A text with the password of an address replaced, in whatever form it stands there."""
    password = urlsplit(url).password
    options = dict(part.partition("=")[::2] for part in urlsplit(url).query.split("&"))
    for secret in (password, options.get("password")):
        for form in {secret or "", unquote(secret or "")} - {""}:
            text = text.replace(form, "***")
    return text
