"""How weights lie in flash: the order in which each kernel reads them."""
