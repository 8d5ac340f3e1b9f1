"""Forms of the shared ground, and how every form is drawn."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Draws forms and fields with our components."""

    form_template_name = "components/_form.html"
    field_template_name = "components/_field.html"
