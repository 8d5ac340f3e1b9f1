"""UUIDv7: layout after RFC 9562, order, and refusal of what does not fit."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetracker.ids import uuid7, uuid7_time

LAST_MS = (1 << 48) - 1
LAST_DATETIME_MS = 253_402_300_799_999


@given(st.integers(0, LAST_MS))
def test_version_variant_and_time_sit_where_the_standard_puts_them(now_ms: int) -> None:
    made = uuid7(now_ms)
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert int(made.hex[:12], 16) == now_ms


@given(st.integers(0, LAST_DATETIME_MS))
def test_the_time_comes_back_to_the_millisecond(now_ms: int) -> None:
    moment = uuid7_time(uuid7(now_ms))
    whole_seconds = int(moment.replace(microsecond=0).timestamp())
    assert (whole_seconds * 1000 + moment.microsecond // 1000) == now_ms


@given(st.integers(0, LAST_MS - 1))
def test_a_later_millisecond_sorts_after_an_earlier_one(now_ms: int) -> None:
    assert uuid7(now_ms) < uuid7(now_ms + 1)
    assert str(uuid7(now_ms)) < str(uuid7(now_ms + 1))


def test_the_example_of_the_standard_tells_its_time() -> None:
    example = uuid.UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    assert uuid7_time(example) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_many_identifiers_of_one_millisecond_differ() -> None:
    assert len({uuid7(1_700_000_000_000) for _ in range(20_000)}) == 20_000


def test_every_random_bit_takes_both_values() -> None:
    seen_one = seen_zero = 0
    for _ in range(200):
        made = uuid7(0).int
        seen_one |= made
        seen_zero |= ~made
    random_bits = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)
    assert seen_one & random_bits == random_bits
    assert seen_zero & random_bits == random_bits


def test_without_a_time_the_clock_is_read() -> None:
    before = time.time_ns() // 1_000_000
    stamp = uuid7().int >> 80
    after = time.time_ns() // 1_000_000
    assert before <= stamp <= after


@pytest.mark.parametrize("now_ms", [-1, 1 << 48])
def test_a_time_outside_48_bits_is_refused(now_ms: int) -> None:
    with pytest.raises(ValueError, match="milliseconds"):
        uuid7(now_ms)


def test_reading_the_time_of_another_kind_of_uuid_is_refused() -> None:
    with pytest.raises(ValueError, match="version 7"):
        uuid7_time(uuid.uuid4())


def test_a_time_beyond_the_year_9999_is_refused_instead_of_overflowing() -> None:
    with pytest.raises(ValueError, match="9999"):
        uuid7_time(uuid7(LAST_MS))
