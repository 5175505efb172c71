"""What is declared: loaded from files, checked, and frozen."""
