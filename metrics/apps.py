"""App configuration of `metrics`."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"
