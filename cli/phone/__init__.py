"""A small telephone on this stack, for trying a trunk from the command line: register, call, answer."""
