"""TensorFlow Lite Micro's signal operators: from samples of a microphone to features."""
