"""Where a sweep's processor time, storage operations and memory go: `python -m local.profiling`."""
