"""Which address leads where."""

from django.urls import include, path

from casetracker.views import design, evidence, inbox, jobs, mail, me, saved, search, weekly, work

urlpatterns = [
    path("", work.work, name="work"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="notices_read"),
    path("inbox/<int:pk>/", inbox.open_notice, name="notice_open"),
    path("inbox/<int:pk>/read/", inbox.read_one, name="notice_read"),
    path("me/", me.me, name="me"),
    path("me/language/", me.set_preferences, name="set_preferences"),
    path("weekly/", weekly.weekly, name="weekly"),
    path("weekly/<int:pk>/", weekly.settle, name="weekly_settle"),
    path("mail/", mail.messages, name="mail"),
    path("mail/<slug:name>/", mail.message, name="mail_message"),
    path("mail/<slug:name>/html/", mail.message_html, name="mail_html"),
    path("mail/<slug:name>/file/", mail.message_file, name="mail_file"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("evidence/<slug:sha256>/<slug:size>/", evidence.evidence, name="evidence"),
    path("design/", design.design, name="design"),
    path("search/", search.search, name="search"),
    path("views/", saved.views, name="views"),
    path("views/save/", saved.save, name="save_view"),
    path("views/<int:view_id>/", saved.rename, name="rename_view"),
    path("views/<int:view_id>/move/", saved.move, name="move_view"),
    path("views/<int:view_id>/delete/", saved.delete, name="delete_view"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("", include("inspections.urls")),
]
