"""The people called: one person for each project and number."""
