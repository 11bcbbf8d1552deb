"""The real PBX for this room's tests."""

from asterisk import pbx

__all__ = ["pbx"]
