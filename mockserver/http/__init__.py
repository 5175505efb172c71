"""A request answered, step by step, as plain values: no Flask and no sockets."""
