"""The JavaScript package `mockserver-kit`, which every server serves and `mockserver kit` writes."""
