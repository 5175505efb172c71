"""`mockserver check`: validates every fixture, scenario, reachable state of a record, and response."""
