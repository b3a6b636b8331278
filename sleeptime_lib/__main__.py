"""`python -m sleeptime_lib` is the `sleeptime` command."""

from sleeptime_lib.cli import main

main()
