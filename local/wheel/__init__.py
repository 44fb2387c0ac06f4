"""`make wheel`: the command line as a wheel, installed into an empty environment and tried."""
