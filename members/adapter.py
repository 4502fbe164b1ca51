"""What allauth asks the project: who may sign up, and how a person is called."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from members.models import Member


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by filling in a form: people come in through the gate."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def user_display(user: Member) -> str:
    return user.display_name
