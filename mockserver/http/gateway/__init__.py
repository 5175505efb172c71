"""What a gateway does to messages between a client and the upstream (RFC 9110, section 7.6), and to which."""
