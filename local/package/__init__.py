"""`make package`: the deploy package, the same bytes each time, tried before it is handed over."""
