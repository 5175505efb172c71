"""The command line: one module for `serve`, one for the other commands, and what they share."""
