"""LOGS AND HOSTS: where events rest between steps, and what runs the steps."""
