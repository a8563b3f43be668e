"""Every refusal of a model in the code, and a model or file that reaches it."""
