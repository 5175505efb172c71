"""The control API under `/__mock`: its OpenAPI document and the handlers of its operations."""
