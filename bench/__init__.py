"""Every published figure, each by one command: `make bench NAME=pop`, or all of them by `make bench`."""
