"""`python -m naptime`, for a checkout."""

import sys

from naptime.entry import main

if __name__ == "__main__":
    sys.exit(main())
