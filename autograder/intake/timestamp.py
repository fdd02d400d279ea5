"""The time in nbgrader's timestamp.txt."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo


def parse_timestamp(text: str) -> str | None:
    """Read a time as nbgrader writes it: "2026-03-01 12:30:00.000000 UTC".

    Args:
        text: Date, time, and the zone as UTC, an offset or a name like Europe/Berlin; UTC if there is none.

    Returns:
        Aware UTC time in ISO 8601, or None if it is no time.
    """
    words = text.split()
    zone: tzinfo = UTC
    try:
        if len(words) == 3 and words[2][0] in "+-":
            words = [words[0], words[1] + words[2]]
        elif len(words) == 3:
            zone = UTC if words[2] in ("UTC", "GMT", "Z") else ZoneInfo(words[2])
        time = datetime.fromisoformat(" ".join(words[:2]))
        if time.tzinfo is None:
            time = time.replace(tzinfo=zone)
        return time.astimezone(UTC).isoformat()
    except (ValueError, OverflowError, KeyError, OSError):
        # ZoneInfo raises the last two for names that it doesn't know.
        return None
