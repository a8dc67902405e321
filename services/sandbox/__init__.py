"""SANDBOX: invented participants, the scenario generator and its truth, the player and the checker.

Nothing that serves imports this room; the commands and the tests do.
"""
