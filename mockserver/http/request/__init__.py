"""What a request asks for: its address, sandbox, scenario, credentials, parameters and body, read and validated."""
