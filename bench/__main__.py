"""`make bench`: every measurement, one run."""

from bench import door_to_offer, police_import, validator

if __name__ == "__main__":
    validator.main()
    door_to_offer.main()
    police_import.main()
