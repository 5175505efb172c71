"""Attacks and hostile input: what a client, a web page or a file may send without stopping or misleading the server."""
