"""What changes, per sandbox: runs, their state and their commands. Knows no HTTP."""
