"""`make bench`: every measurement, one run."""

from bench import door_to_offer, validator

if __name__ == "__main__":
    validator.main()
    door_to_offer.main()
