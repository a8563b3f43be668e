"""What must hold after each stage."""
