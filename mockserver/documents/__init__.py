"""The files of a contract: read with their lines, linked by references, bundled into one."""
