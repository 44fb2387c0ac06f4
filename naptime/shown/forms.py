"""The forms that an answer has."""

from enum import StrEnum


class Form(StrEnum):
    """Tables for people, JSON as the API has it, a line a cluster, a pull request's comment."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
