"""Which address leads where."""

from django.urls import include, path

from casetracker.views import design

urlpatterns = [
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("design/", design.design, name="design"),
    path("", include("inspections.urls")),
]
