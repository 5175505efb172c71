"""What `--stateful` infers from an OpenAPI file, over HTTP."""
