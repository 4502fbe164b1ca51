"""The addresses of the measured server: all of the application's, and the floor."""

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django.views.decorators.http import require_safe

from community.bench.sizes import LONG_TOPIC_ID, TYPICAL_POSTS
from discussions.models import Post
from members.requests import MemberRequest

_TRIVIAL = engines["django"].from_string(
    "<ul>{% for row in rows %}<li>{{ row.number }}</li>{% endfor %}</ul>"
)


@require_safe
def floor(request: MemberRequest) -> HttpResponse:
    """The least a page can cost: who asks, 20 rows found by an index, a template without frame that prints them."""
    rows = Post.objects.filter(topic=LONG_TOPIC_ID, number__lte=TYPICAL_POSTS).order_by("number")
    return HttpResponse(_TRIVIAL.render({"rows": rows}))


urlpatterns = [
    path("bench/floor/", floor, name="floor"),
    path("bench/bare/", floor, name="bare"),
    path("", include("community.urls")),
]
