"""Addresses of inspections, grouped by what they show."""

from django.urls import URLPattern, path

from inspections.views import figures

urlpatterns: list[URLPattern] = [
    path("figures/", figures.page, name="figures"),
]
