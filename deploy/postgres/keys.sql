-- Run once, by the image of PostgreSQL, when its volume is new: the wrapped keys have a database of their own.
CREATE DATABASE keys TEMPLATE template0;
