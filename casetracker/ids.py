"""Identifiers: UUID version 7, made here because neither Python 3.11 nor PostgreSQL without extensions makes them."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(now_ms: int | None = None) -> uuid.UUID:
    """Return a new UUIDv7 (RFC 9562, 5.7): 48 bits of time, then 74 random bits.

    `now_ms` is milliseconds since 1970-01-01 UTC; without it the clock is read. Identifiers of different
    milliseconds sort by time; inside one millisecond the order is random, so nothing may rely on it.
    Raises ValueError when the time does not fit into 48 unsigned bits.
    """
    if now_ms is None:
        now_ms = time.time_ns() // 1_000_000
    if not 0 <= now_ms < 1 << 48:
        raise ValueError(f"UUIDv7 holds milliseconds from 1970 to the year 10889, not {now_ms}")
    random = secrets.randbits(74)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return uuid.UUID(int=now_ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def uuid7_time(u: uuid.UUID) -> datetime:
    """Return the moment a UUIDv7 was made, in UTC to the millisecond.

    Raises ValueError for any other kind of UUID, and for one whose time lies beyond what a datetime holds.
    A client can write any time it likes into an identifier, so this is a hint and never evidence.
    """
    if u.version != 7:
        raise ValueError(f"{u} is not a UUID of version 7")
    try:
        return _EPOCH + timedelta(milliseconds=u.int >> 80)
    except OverflowError:
        raise ValueError(f"{u} names a time after the year 9999") from None
