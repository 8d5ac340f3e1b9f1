"""Small pieces of sentences: the first words of a long text as a title."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetracker.wording import opening


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("夜间施工，噪声扰民。", "夜间施工，噪声扰民"),
        ("夜间施工，噪声扰民，居民多次投诉，现场未见降噪措施，正在申请许可。", "夜间施工，噪声扰民，居民多次投诉…"),
        ("第一行\n第二行", "第一行…"),
        (
            "A truck left without washing its wheels and soiled the whole road",
            "A truck left without washing its wheels…",
        ),
        ("dust, 3.5 m high piles uncovered behind the north hall", "dust, 3.5 m high piles uncovered behind…"),
        ("x" * 100, "x" * 39 + "…"),
        ("  \n", ""),
    ],
)
def test_a_long_text_is_cut_where_its_sense_breaks(text: str, title: str) -> None:
    assert opening(text) == title


@given(st.text())
def test_a_title_is_one_line_of_the_text_and_never_wide(text: str) -> None:
    title = opening(text)
    assert "\n" not in title
    assert sum(2 if ord(letter) >= 0x2E80 else 1 for letter in title.removesuffix("…")) <= 40
    assert text.strip().startswith(title.removesuffix("…"))
