"""Layers of Keras, PyTorch and ONNX on the product's road: the table of docs/models.md."""
