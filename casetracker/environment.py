"""Typed readers of the process environment; the only place that looks at os.environ for settings."""

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


def text(name: str, default: str = "") -> str:
    """The variable as text, the default when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """True for 1, true, yes, on; False for 0, false, no, off; anything else is refused."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ValueError(f"{name} must be 1 or 0, not {value!r}")


def number(name: str, default: int) -> int:
    """The variable as a whole number."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None


def words(name: str) -> list[str]:
    """A comma-separated list, empty parts dropped."""
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def demonstrates(folder: Path) -> bool:
    """Whether a command belongs to the demonstration in the data folder: nothing of a real installation is set.

    So commands beside `make run` need no variable of their own; the key is made in demonstration mode only. The
    embedded servers name a superuser beside their DATABASE_URL, which an operator's never does.
    """
    real = ["CASETRACKER_URL", "CASETRACKER_SECRET_KEY", "CASETRACKER_HOSTS"]
    if not text("CASETRACKER_SUPERUSER_URL"):
        real.append("DATABASE_URL")
    return not any(text(name) for name in real) and (folder / "secret-key").exists()


def secret_in(folder: Path) -> str:
    """A random key kept in a file of the data folder, made on first use (demonstration mode only)."""
    path = folder / "secret-key"
    try:
        return path.read_text()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(handle, "w") as file:
            file.write(key := secrets.token_urlsafe(48))
        return key


def database(url: str, **options: object) -> dict[str, object]:
    """A Django DATABASES entry from postgresql://user:password@host:port/name?host=/socket/folder."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("DATABASE_URL must start with postgresql://")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", "") or unquote(parts.hostname or "")
    port = query.pop("port", "") or str(parts.port or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "casetracker",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": {**query, **options},
    }


def broker(url: str) -> str:
    """A Redis address in the form Celery's transport takes (a socket is redis+socket://)."""
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url


def mail_server(url: str) -> dict[str, object]:
    """Django's e-mail settings from smtp://user:password@host:port?tls=starttls|tls|none."""
    parts = urlsplit(url)
    if parts.scheme != "smtp" or not parts.hostname:
        raise ValueError("CASETRACKER_MAIL_URL must look like smtp://user:password@host:587?tls=starttls")
    tls = parse_qs(parts.query).get("tls", ["starttls"])[-1]
    if tls not in {"starttls", "tls", "none"}:
        raise ValueError("tls in CASETRACKER_MAIL_URL must be starttls, tls or none")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if tls == "tls" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": tls == "starttls",
        "EMAIL_USE_SSL": tls == "tls",
    }


def origin(url: str) -> str:
    """Scheme and host of an address, for the Content-Security-Policy; ValueError for anything but http(s)."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(f"{url!r} must start with https:// and a host")
    return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"
