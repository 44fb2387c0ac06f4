"""Fakes that remember; the suites in tests/contract hold them to what the real clients do."""
