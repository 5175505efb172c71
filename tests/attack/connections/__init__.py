"""Peers that are slow, fail, go away or break the rules of a protocol, on either side of the server."""
