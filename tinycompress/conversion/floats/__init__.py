"""From a trained model to a file that computes on float32, with weights in either precision."""
