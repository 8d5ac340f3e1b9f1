"""The settings of every process; what differs between installations comes from the environment."""

import importlib.util
import sys
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from casetracker import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(env.text("CASETRACKER_DATA", str(BASE_DIR / "var")))
# web, worker or beat, set by whatever supervises the processes; a bare manage.py command is "command".
PROCESS = env.text("CASETRACKER_PROCESS", "command")

DEMO = env.flag("CASETRACKER_DEMO", default=env.demonstrates(DATA))
DEBUG = False
# Without one the start is refused (casetracker.checks) with what to set.
SECRET_KEY = env.text("CASETRACKER_SECRET_KEY") or (env.secret_in(DATA) if DEMO else "missing")
# A command beside a running `manage.py run` learns from it (casetracker.embedded) at which address that answers.
_here = env.text("CASETRACKER_RUNS_AT", f"http://127.0.0.1:{env.number('PORT', 8000)}")
URL = env.text("CASETRACKER_URL", _here).rstrip("/")
HTTPS = urlsplit(URL).scheme == "https"
ALLOWED_HOSTS = env.words("CASETRACKER_HOSTS") or [
    urlsplit(URL).hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [URL]

INSTALLED_APPS = [
    "casetracker",
    "inspections",
    "penalties",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_filters",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "casetracker.middleware.Headers",
    "csp.middleware.CSPMiddleware",
    "casetracker.middleware.Health",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "casetracker.middleware.SessionLimits",
    "casetracker.middleware.Language",
    "casetracker.middleware.SignIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "casetracker.middleware.FirstPassword",
    "django_htmx.middleware.HtmxMiddleware",
    "casetracker.middleware.WrongMethod",
    "casetracker.middleware.InvalidForms",
    "casetracker.middleware.DomainErrors",
]

ROOT_URLCONF = "casetracker.urls"
WSGI_APPLICATION = "casetracker.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "casetracker.shell.shell",
            ],
            "builtins": ["casetracker.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "casetracker.forms.Renderer"

# --- Data -------------------------------------------------------------------------------------------
# Two roles: the application's own, without DDL and without UPDATE or DELETE on the history, and the
# owner, used by migrations only.
_url = env.text("DATABASE_URL", "postgresql://casetracker@/casetracker")
_timeout = "-c jit=off" + (" -c statement_timeout=15000" if PROCESS == "web" else "")
DATABASES = {
    "default": env.database(_url, options=_timeout, connect_timeout=5)
    | {
        "CONN_MAX_AGE": 60 if PROCESS == "web" else 0,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    },
    "owner": env.database(env.text("DATABASE_OWNER_URL", _url), connect_timeout=5) | {"TEST": {"MIRROR": "default"}},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Throttles and one-time codes must be shared by all processes and survive a restart.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

EVIDENCE_ROOT = Path(env.text("CASETRACKER_EVIDENCE", str(DATA / "evidence")))
FONT = env.text("CASETRACKER_FONT")

# --- Signing in -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "casetracker.User"
AUTHENTICATION_BACKENDS = ["casetracker.people.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "casetracker.people.OfficeWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "work"
ACCOUNT_ADAPTER = "casetracker.people.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_FORMS = {
    "login": "casetracker.forms.signing_in.LoginForm",
    "reauthenticate": "casetracker.forms.signing_in.ReauthenticateForm",
    "change_password": "casetracker.forms.signing_in.ChangePasswordForm",
    "set_password": "casetracker.forms.signing_in.SetPasswordForm",
    "reset_password": "casetracker.forms.signing_in.ResetPasswordForm",
    "reset_password_from_key": "casetracker.forms.signing_in.ResetPasswordKeyForm",
    "add_email": "casetracker.forms.signing_in.AddEmailForm",
}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Casetracker: "
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "authenticate": "casetracker.forms.second_factor.AuthenticateForm",
    "reauthenticate": "casetracker.forms.second_factor.ReauthenticateForm",
    "activate_totp": "casetracker.forms.second_factor.ActivateTOTPForm",
}
# Administrators give the addresses; nobody has to prove one before taking a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "Casetracker"
# Where one is signed in is listed; when each was last seen would cost five queries on every request.
USERSESSIONS_TRACK_ACTIVITY = False

SESSION_IDLE_SECONDS = 8 * 3600
SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
LANGUAGE_COOKIE_NAME = "language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False

# --- Headers ----------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if env.flag("CASETRACKER_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
# Address of a tile server the operator runs or trusts, with {z} {x} {y}; without one, maps are drawn on a plain grid.
TILES = env.text("CASETRACKER_TILES")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:", *([env.origin(TILES)] if TILES else [])],
        "media-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# --- Languages and time -----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "casetracker" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("CASETRACKER_TIME_ZONE", "Asia/Shanghai")
USE_THOUSAND_SEPARATOR = False

# --- Static files -----------------------------------------------------------------------------------
# htmx and Leaflet come from installed packages, for their files only: importing the leaflet app needs GDAL.
STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"


def _package_static(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"The package {package} is not installed: run the install step again.")
    return Path(spec.origin).parent / "static"


STATICFILES_DIRS = [
    ("leaflet", _package_static("leaflet") / "leaflet"),
]
TESTING = "pytest" in sys.modules
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "casetracker.staticfiles.Storage"
    },
}
WHITENOISE_USE_FINDERS = TESTING
WHITENOISE_AUTOREFRESH = False
MEDIA_ROOT = DATA / "media"
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000
# A visit with sixty problems has as many file inputs, and an empty one counts like a photo.
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
# Long lists as files, kept for a few days.
EXPORTS_ROOT = DATA / "exports"

# --- Mail -------------------------------------------------------------------------------------------
MAIL_FOLDER = DATA / "mail"
MAIL_FROM = env.text("CASETRACKER_MAIL_FROM", "Casetracker <casetracker@localhost>")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM
if _mail := env.text("CASETRACKER_MAIL_URL"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    globals().update(env.mail_server(_mail))
else:
    EMAIL_BACKEND = "casetracker.mail.FolderBackend"
EMAIL_TIMEOUT = 10
# The final dot may take ten minutes (RFC 5321 4.5.3.2.6); a shorter wait doubles mail.
MAIL_FINAL_REPLY_SECONDS = env.number("CASETRACKER_MAIL_FINAL_REPLY_SECONDS", 600)
DELIVERY_LEASE_SECONDS = env.number("CASETRACKER_DELIVERY_LEASE_SECONDS", 900)

# --- Background work --------------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY = {
    "broker_url": env.broker(REDIS_URL),
    "broker_transport_options": {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": not REDIS_URL.startswith("unix://"),
        "health_check_interval": 25,
    },
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # Never late: with Celery 5.7 a worker that holds a late-acknowledged message dies when Redis goes away.
    "task_acks_late": False,
    "task_ignore_result": True,
    "result_backend": None,
    "worker_prefetch_multiplier": 1,
    "worker_max_tasks_per_child": 500,
    "worker_max_memory_per_child": 300_000,
    "worker_hijack_root_logger": False,
    "accept_content": ["json"],
    "task_serializer": "json",
    "task_default_queue": "tick",
    "timezone": TIME_ZONE,
    "beat_max_loop_interval": 5,
    "beat_scheduler": "casetracker.signs:Clock",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("CASETRACKER_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # Their line per tick says nothing.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
