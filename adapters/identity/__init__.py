"""WHO IS CALLING. Bearer tokens of the sandbox; real authentication is an issue of its own."""
