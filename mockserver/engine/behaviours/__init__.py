"""What a behaviour such as `list` or `transition` does when its operation is called."""
