"""Text formats: strict JSON, YAML with line numbers, instants and durations, media types, words in identifiers."""
