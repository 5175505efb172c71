"""Text formats: strict JSON, YAML, JSON pointers, instants and durations, media types, words of identifiers."""
