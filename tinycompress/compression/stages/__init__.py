"""The stages of a recipe, and the training behind them."""
