"""Recorded exchanges written as a contract directory that gives the same responses: no sockets, no server."""
