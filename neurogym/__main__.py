"""`python -m neurogym` is the command `neurogym`."""

import sys

from neurogym.cli import main

if __name__ == "__main__":
    sys.exit(main())
