"""The Flask application: it hands requests to the pipeline, renders the pages, and reloads edited contracts."""
