"""THE DATABASE: log positions, records, cases, feeds. SQLAlchemy Core; SQL stays in this folder and in `streams`."""
