"""GET /healthz: which parts of the installation work, each asked for at most a second."""

import select
import time
from collections.abc import Iterable, Mapping
from functools import cache

import psycopg
import redis
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from psycopg import pq
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGconn
from redis.backoff import NoBackoff
from redis.retry import Retry

from casetracker.models import Heartbeat

PROBE_SECONDS = 0.9
FRESH_SECONDS = 120
WORKERS = ("worker:tick", "worker:mail", "worker:work")
BEAT = "beat"
OK, STALE, DOWN = "ok", "stale", "down"


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The state of each part (ok, stale, down) and of the whole (ok, degraded, down).

    503 only where nothing works: the database is out of reach or lacks migrations. Needs no session,
    and takes none of Django's connections, so that an exhausted or hanging database cannot hold it.
    """
    ages = heartbeat_ages()
    parts = {
        "database": DOWN if ages is None else OK,
        "redis": redis_state(),
        "worker": worst(state_of(ages or {}, name) for name in WORKERS),
        "beat": state_of(ages or {}, BEAT),
    }
    whole = "down" if ages is None else "ok" if set(parts.values()) == {OK} else "degraded"
    response = JsonResponse({"status": whole, **parts}, status=503 if ages is None else 200)
    response["Cache-Control"] = "no-store"
    return response


def state_of(ages: Mapping[str, float], name: str) -> str:
    """ok for a sign of life in the last two minutes, stale for an older one, down for none (ages in seconds)."""
    age = ages.get(name)
    if age is None:
        return DOWN
    return OK if age < FRESH_SECONDS else STALE


def worst(states: Iterable[str]) -> str:
    """down before stale before ok."""
    return max(states, key=(OK, STALE, DOWN).index)


def heartbeat_ages() -> dict[str, float] | None:
    """Seconds since each sign of life, by name; None when the database is out of reach or unmigrated."""
    deadline = time.monotonic() + PROBE_SECONDS
    try:
        connection = _connected(deadline)
        try:
            if not _migrated(connection, deadline):
                return None
            table = Heartbeat._meta.db_table
            rows = _rows(connection, f"SELECT name, extract(epoch FROM now() - beat_at) FROM {table}", deadline)
        finally:
            connection.finish()
    except (OSError, psycopg.Error):
        return None
    return {name: float(age) for name, age in rows}


def redis_state() -> str:
    """ok when the broker answers in time, down else."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=PROBE_SECONDS / 2,
            socket_timeout=PROBE_SECONDS / 2,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError):
        return DOWN
    return OK


_migrated_databases: set[bytes] = set()


def _migrated(connection: PGconn, deadline: float) -> bool:
    """Whether every migration that this code knows is applied; a positive answer holds for the process."""
    name = connection.host + b"/" + connection.db
    if name not in _migrated_databases:
        applied = {(row[0], row[1]) for row in _rows(connection, "SELECT app, name FROM django_migrations", deadline)}
        if not _known_migrations() <= applied:
            return False
        _migrated_databases.add(name)
    return True


@cache
def _known_migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).graph.nodes)


def _connected(deadline: float) -> PGconn:
    """A connection of its own to the default database; OSError or psycopg.Error when there is none in time."""
    keywords = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    given = connections["default"].get_connection_params()
    conninfo = make_conninfo("", **{key: value for key, value in given.items() if key in keywords})
    connection = pq.PGconn.connect_start(conninfo.encode())
    state: int = pq.PollingStatus.WRITING
    while state != pq.PollingStatus.OK:
        if state == pq.PollingStatus.FAILED or connection.status == pq.ConnStatus.BAD:
            connection.finish()
            raise ConnectionError("the database refuses connections")
        try:
            _await(connection, deadline, writing=state == pq.PollingStatus.WRITING)
        except TimeoutError:
            connection.finish()
            raise
        state = connection.connect_poll()
    return connection


def _rows(connection: PGconn, query: str, deadline: float) -> list[tuple[str, ...]]:
    """The rows of a query as text; OSError or psycopg.Error when it fails or takes too long."""
    connection.send_query(query.encode())
    connection.flush()
    while connection.is_busy():
        _await(connection, deadline, writing=False)
        connection.consume_input()
    result = connection.get_result()
    if result is None or result.status != pq.ExecStatus.TUPLES_OK:
        raise ConnectionError("the database refuses the question")
    connection.get_result()
    columns = range(result.nfields)
    return [
        tuple((result.get_value(row, column) or b"").decode() for column in columns) for row in range(result.ntuples)
    ]


def _await(connection: PGconn, deadline: float, *, writing: bool) -> None:
    """Until the connection's socket is ready; TimeoutError at the deadline."""
    sockets = select.poll()
    sockets.register(connection.socket, select.POLLOUT if writing else select.POLLIN)
    if not sockets.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError
