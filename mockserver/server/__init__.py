"""Sockets: uvicorn with a protocol class that calls the pipeline in the callback of the parser."""
