"""What commands answer: tables for people, JSON objects for programs."""
