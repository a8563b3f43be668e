"""Tables of cases for kernels and lowering."""
