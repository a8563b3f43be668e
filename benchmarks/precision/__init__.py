"""int8, float16 and float32 firmware of the same networks: docs/precision.md."""
