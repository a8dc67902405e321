"""PORTAL: what one may know of a case, a record end to end, whether everything adds up, and a live page. Reads only."""
