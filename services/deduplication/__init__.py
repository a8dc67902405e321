"""DE-DUPLICATION: is this record new, a correction, a duplicate, or in conflict with one that is here?"""
