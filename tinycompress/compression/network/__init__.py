"""A model as plain data, read from either Keras and built again."""
