"""What weights take in flash and cycles, plain, encoded and simplified."""
