"""The figures that naptime is proud of, measured: `python -m local.bench`."""
