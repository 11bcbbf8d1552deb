"""Call lists: from an uploaded file to leads, and from leads to attempts."""
