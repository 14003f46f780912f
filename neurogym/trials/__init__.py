"""What follows from a declaration: trials."""
