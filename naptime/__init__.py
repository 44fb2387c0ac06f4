"""The command line: what naptime would do, with one's own login, before anything is deployed."""

__version__ = "0.2.0"
"""The one place that the version stands in; pyproject.toml reads it from here."""
