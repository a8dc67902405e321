"""`make bench`: every measurement, one run."""

from bench.door_to_offer import main

if __name__ == "__main__":
    main()
