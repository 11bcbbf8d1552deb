"""What may be dialed, and when."""
