"""VERIFICATION: asks the issuer of a paper whether it is real, once for all who may be given it."""
