"""Which of the exact candidates runs each operator: what they cost, and who is taken."""
