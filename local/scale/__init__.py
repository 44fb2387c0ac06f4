"""Ten thousand clusters on a simulated clock: what the pace costs, and how many workers matter."""
