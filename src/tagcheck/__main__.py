"""`python -m tagcheck`: the same as the command `tagcheck`."""

from tagcheck.cli import main

main()
