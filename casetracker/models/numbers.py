"""Number series without gaps."""

from django.db import connection, models


class NumberSeries(models.Model):
    """The last number given per issuer, kind and year."""

    issuer = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "kind", "year"], name="series_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}: {self.last}"

    @classmethod
    def take(cls, issuer_id: int, kind: str, year: int, count: int = 1) -> int:
        """Reserve `count` numbers and return the first of them.

        The row stays locked until the caller's transaction ends, and a rolled-back number is given again,
        so the series has neither gaps nor doubles. Must be called inside a transaction.
        """
        if not connection.in_atomic_block:
            raise RuntimeError("A number is taken inside the transaction of the row that carries it.")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO casetracker_numberseries (issuer_id, kind, year, last) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (issuer_id, kind, year) DO UPDATE "
                "SET last = casetracker_numberseries.last + EXCLUDED.last RETURNING last",
                [issuer_id, kind, year, count],
            )
            row = cursor.fetchone()
        assert row is not None
        return int(row[0]) - count + 1

    @classmethod
    def reach(cls, issuer_id: int, kind: str, year: int, number: int) -> None:
        """See to it that the next number is above `number` (imported rows bring their own)."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO casetracker_numberseries (issuer_id, kind, year, last) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (issuer_id, kind, year) DO UPDATE "
                "SET last = GREATEST(casetracker_numberseries.last, EXCLUDED.last)",
                [issuer_id, kind, year, number],
            )
