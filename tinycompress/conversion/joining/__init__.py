"""Several ``.tflite`` files as one: in order, or as the stages of a cascade."""
