"""Edits of the `.tflite` that TensorFlow's converter makes."""
