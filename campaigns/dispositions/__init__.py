"""The results that an operator can give a call, as data with flags."""
