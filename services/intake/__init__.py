"""INTAKE: the doors. They read no body: they authenticate, limit, hash, store, and wait for the verdict."""
