"""The drawn photographs of the demonstration, each stored once."""

import datetime
import io
import random

from casetracker import evidence
from casetracker.models import Evidence, User
from inspections.demo.pictures import SCENES, draw
from inspections.models import Problem
from inspections.workflow import Shot

SEEDS = 2


class Pool:
    """Draws and stores a scene when it is first needed; before and after of one problem show the same place."""

    def __init__(self, by: User) -> None:
        self.by = by
        self._drawn: dict[tuple[str, str, int], Evidence] = {}

    def shot(self, problem: Problem, phase: str, chance: random.Random, at: datetime.datetime | None = None) -> Shot:
        """A photograph of the problem's kind, taken within a few metres of its place."""
        code = problem.kind.code if problem.kind and problem.kind.code in SCENES else "dust"
        return self.of_kind(code, phase, problem.number_seq, chance, problem.lat, problem.lon, at)

    def of_kind(
        self,
        code: str,
        phase: str,
        place: int,
        chance: random.Random,
        lat: float | None,
        lon: float | None,
        at: datetime.datetime | None,
    ) -> Shot:
        code = code if code in SCENES else "dust"
        stored = self._stored(code, phase, place % SEEDS)
        return Shot(
            evidence=stored,
            taken_at=at,
            lat=None if lat is None else round(lat + chance.uniform(-9, 9) * 1e-5, 6),
            lon=None if lon is None else round(lon + chance.uniform(-9, 9) * 1e-5, 6),
            accuracy=float(chance.randrange(4, 15)),
        )

    def _stored(self, code: str, phase: str, seed: int) -> Evidence:
        key = (code, phase, seed)
        if key not in self._drawn:
            picture = io.BytesIO(draw(code, phase, seed))  # type: ignore[arg-type]
            name = f"{code}-{phase}-{seed}.jpg"
            known = Evidence.objects.filter(name=name, source="drawn").first()
            self._drawn[key] = known or evidence.store(picture, name=name, by=self.by, source="drawn")
        return self._drawn[key]
