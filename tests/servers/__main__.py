"""`python -m tests.servers COMMAND…`: runs a command beside a real broker and database, which it finds in CLAIMS_KAFKA,
CLAIMS_DATABASE and CLAIMS_KEYS; they end with it."""

import os
import signal
import subprocess
import sys

from tests.servers import kafka, postgres


def main() -> int:
    try:
        with kafka.kafka() as cluster, postgres.postgres(durable=True) as server:
            places = {
                "CLAIMS_KAFKA": cluster.address,
                "CLAIMS_DATABASE": server.fresh(),
                "CLAIMS_KEYS": server.empty(),
            }
            process = subprocess.Popen(sys.argv[1:], env=os.environ | places)
            # Ctrl-C reaches the command as well, which ends in its own order; a supervisor's word is passed on.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda *_: process.terminate())
            return process.wait()
    except (kafka.Missing, postgres.Missing) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
