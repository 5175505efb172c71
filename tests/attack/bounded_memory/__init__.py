"""What clients send takes bounded memory, and a full table of something locks nobody out."""
