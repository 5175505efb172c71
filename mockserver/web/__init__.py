"""The Flask application: HTTP in front of the engine."""
