"""THE COMMAND `claims`: one module for each family of commands. They start a system, or speak to a running one."""
