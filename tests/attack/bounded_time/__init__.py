"""What takes time in proportion to its size, or is refused, so that one request holds up no other."""
