"""The bench: a synthetic community in a database of its own, and what each page of it costs beside a bare view.

`manage.py bench` is the front; `docs/performance.md` says how to read the figures. Nothing here is imported by the
application.
"""
