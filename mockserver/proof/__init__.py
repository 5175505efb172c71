"""What `mockserver check` does: prove, before anybody asks, that every answer of a contract keeps it."""
