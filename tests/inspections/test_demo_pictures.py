"""The drawn photographs of the demonstration."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from inspections.demo.pictures import SCENES, draw


@pytest.mark.parametrize("kind", SCENES)
def test_every_kind_has_a_small_picture_of_before_and_another_of_after(kind: str) -> None:
    pictures = [draw(kind, phase, seed) for phase in ("before", "after") for seed in (1, 2)]
    assert len(set(pictures)) == 4
    for picture in pictures:
        assert len(picture) <= 120_000
        with Image.open(io.BytesIO(picture)) as opened:
            assert (opened.format, opened.size) == ("JPEG", (1280, 960))
            opened.load()


def test_the_same_arguments_always_give_the_same_bytes() -> None:
    assert draw("bare_soil", "before", 7) == draw("bare_soil", "before", 7)


def test_a_kind_without_a_scene_is_refused() -> None:
    with pytest.raises(KeyError):
        draw("unheard_of", "before", 1)
