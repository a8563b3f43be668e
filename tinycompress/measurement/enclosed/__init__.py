"""What a bundle holds beside its figures: for people, and for pages."""
