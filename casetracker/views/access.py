"""Which role may open which of the ground's own pages; for everybody else they are not there."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from casetracker.enums import Role
from casetracker.models import User

View = Callable[..., HttpResponse]


def only_for(*roles: Role) -> Callable[[View], View]:
    """A view that only people with one of the roles today get; 404 for others, as if there were no such page."""

    def around(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: User = request.user  # type: ignore[assignment]
            if not user.has_role(*roles):
                raise Http404
            return view(request, *args, **kwargs)

        return checked

    return around


OPERATORS = (Role.ADMINISTRATOR, Role.SUPERVISOR)
for_administrators = only_for(Role.ADMINISTRATOR)
for_operators = only_for(*OPERATORS)
