"""INTERFACE: what the doors answer and the topics carry, told as OpenAPI 3.1 and AsyncAPI 3. Each service describes its own."""
