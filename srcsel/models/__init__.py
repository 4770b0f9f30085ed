"""Which source models there are, and how to load one."""
