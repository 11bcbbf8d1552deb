"""Numbers that must not be called, for one project or everywhere."""
