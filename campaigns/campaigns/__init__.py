"""A campaign is one purpose of dialing within a project."""
