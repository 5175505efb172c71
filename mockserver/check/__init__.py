"""The proof behind `mockserver check`: every fixture, scenario, reachable record state and response is validated."""
