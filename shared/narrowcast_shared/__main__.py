"""`python -m narrowcast_shared` is `narrowcast`."""

from narrowcast_shared.command_line import main

main()
