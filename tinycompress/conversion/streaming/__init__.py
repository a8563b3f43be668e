"""Files that take one time step per invocation, from files that take a whole window."""
