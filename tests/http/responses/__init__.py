"""What responses hold, and their headers."""
