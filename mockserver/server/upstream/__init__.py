"""Passes requests on to the upstream over sockets: connections, and what the two front ends do with them."""
