"""Deploying to the simulated Azure: templates, what they make, and the app that is pushed to it."""
