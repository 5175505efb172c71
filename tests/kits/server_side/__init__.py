"""Servers of applications, whose requests to the API belong to the test that caused them."""
