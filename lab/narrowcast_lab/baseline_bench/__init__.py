"""What subtracting a person's rest is worth: between photographs, and within clips."""
