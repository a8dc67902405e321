# One image for every service of the distributed form; `docker compose up` builds it.
FROM python:3.11-slim-bookworm

# pg_dump and pg_restore of the server's version, for `claims backup` and `claims restore`.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-client-15 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/claims
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY adapters adapters
COPY services services
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

# A new volume takes owner and mode from these folders.
RUN useradd --uid 10001 claims && install -d -o claims -g claims -m 700 /data /secrets /journal /backups /key-backups
USER claims
WORKDIR /
ENTRYPOINT ["claims"]
