"""What pages of other sites, and values with markup, may do in a browser."""
