"""Documents and files that are hostile, and what is printed of them."""
