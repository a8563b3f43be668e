"""What a model's file holds in vain: channels that never change or that nobody reads, taken out.

``intervals`` proves which values each channel can have, ``fold`` moves what never changes into
biases, ``links`` says which channels hang together, ``drop`` takes out those that nobody reads, and
``trim`` cuts the ends off inputs that dense layers do not need.
"""
