"""Validation of what is typed about signing in by one's company."""

from django.utils.translation import gettext_lazy as _

from community.core.forms import ActionForm, LineField


class CompanySignInForm(ActionForm):
    company = LineField(
        label=_("Your e-mail address at work, or the short name of your company"), max_length=254
    )
