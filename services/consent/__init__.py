"""CONSENT: authorisations, their reviews and withdrawals, the law table, and the one judgement of who may have what."""
