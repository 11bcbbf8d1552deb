"""A project is a client's contract: its country, zone, numbers called in, and who may see what."""
