"""Addresses of inspections, grouped by what they show."""

from django.urls import URLPattern, path

from inspections.views import (
    batches,
    bulk,
    figures,
    imports,
    parties,
    problem,
    problems,
    recording,
    reporting,
    sites,
    visits,
)

urlpatterns: list[URLPattern] = [
    path("problems/", problems.problems, name="problems"),
    path("problems/bulk/", bulk.choose, name="bulk"),
    path("problems/bulk/<uuid:job_id>/", bulk.result, name="bulk_result"),
    path("problems/new/", reporting.problem_new, name="problem_new"),
    path("problems/<uuid:pk>/", problem.problem, name="problem"),
    path("problems/<uuid:pk>/files/", problem.problem_files, name="problem_files"),
    path("problems/<uuid:pk>/<slug:verb>/", problem.problem_verb, name="problem_verb"),
    path("batches/", batches.batches, name="batches"),
    path("batches/new/", batches.new_batch, name="batch_new"),
    path("batches/<uuid:pk>/", batches.batch, name="batch"),
    path("batches/<uuid:pk>/print/", batches.batch_print, name="batch_print"),
    path("figures/", figures.page, name="figures"),
    path("import/", imports.page, name="import"),
    path("import/checked/<uuid:job_id>/", imports.check, name="import_check"),
    path("import/checked/<uuid:job_id>/begin/", imports.begin, name="import_begin"),
    path("import/<uuid:batch_id>/", imports.batch, name="import_batch"),
    path("import/<uuid:batch_id>/release/", imports.release, name="import_release"),
    path("visits/", visits.visits, name="visits"),
    path("visits/new/", recording.visit_new, name="visit_new"),
    path("visits/<uuid:pk>/", visits.visit, name="visit"),
    path("parties/", parties.page, name="parties"),
    path("parties/new/", parties.new, name="party_new"),
    path("parties/<uuid:pk>/", parties.party, name="party"),
    path("parties/<uuid:pk>/change/", parties.change, name="party_change"),
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.site_new, name="site_new"),
    path("sites/suggest/", sites.site_suggest, name="site_suggest"),
    path("sites/<uuid:pk>/", sites.site, name="site"),
    path("sites/<uuid:pk>/change/", sites.site_change, name="site_change"),
]
