"""Months as the names of tables have them (yyyymm), and when one is past keeping."""

from datetime import datetime, timedelta


def is_past_keeping(month: str, now: datetime, kept: timedelta) -> bool:
    """Say whether more time than is kept has gone by since a month ended."""
    year, number = int(month[:4]), int(month[4:])
    following = now.replace(
        year=year + number // 12, month=number % 12 + 1, day=1, hour=0, minute=0, second=0
    )
    return now - following > kept
