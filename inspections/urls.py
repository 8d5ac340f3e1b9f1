"""Addresses of inspections, grouped by what they show."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
