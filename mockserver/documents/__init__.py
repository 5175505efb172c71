"""Files as trees whose nodes know their file and line, and the references between them."""
