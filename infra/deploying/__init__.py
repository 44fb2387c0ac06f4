"""The steps of `infra/deploy.py`: the standard library alone, Python 3.9 or later."""
