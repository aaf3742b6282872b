"""Reference pages of docs/, made out of the code itself by `make reference`, and committed."""
