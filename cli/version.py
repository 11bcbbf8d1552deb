"""The version of the installed program."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("ahize")
except PackageNotFoundError:  # run from the tree without installing
    VERSION = "0"
