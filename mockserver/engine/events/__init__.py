"""What has happened in a run, as events for whoever listens."""
