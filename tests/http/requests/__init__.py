"""How requests are read, selected, routed and refused."""
