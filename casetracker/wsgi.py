"""The web application; refuses to start with unsafe settings."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casetracker.settings")
application = get_wsgi_application()

from casetracker.checks import refuse_unsafe  # noqa: E402  needs the settings that the line above loads

refuse_unsafe()
