"""Regular expressions: read as ECMA-262 has them, and texts that match them."""
