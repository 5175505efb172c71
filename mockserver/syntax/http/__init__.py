"""What HTTP writes in heads: media types, codings, charsets, cookies, and the names of headers."""
