"""TELEMETRY: a record's way as an OpenTelemetry trace, where the environment names a collector."""
