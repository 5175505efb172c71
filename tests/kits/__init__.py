"""The kits that bring the mock server into the tools of its users."""
