"""HUB: folds cases out of records that arrive in any order, and says what each insurer may see of them."""
