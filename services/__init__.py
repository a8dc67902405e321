"""ONE FOLDER PER MICROSERVICE. Start reading in `pipeline.py`."""
