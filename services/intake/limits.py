"""Every limit of the doors, each with its reason. Past a limit a clear refusal, never a slow death."""

BODY_BYTES = 10 * 1_000_000  # the contract's 10 MB: the largest discharge bundles with scans stay below 7 MB
CSV_BYTES = 64 * 1_000_000  # a year of national A2 accidents is some 40 MB; it is streamed, never held whole
BATCH_BYTES = 700_000  # a batch of accidents is held in memory, as any body of that size
BATCH_LINES = 1_000  # each is a record that waits for its verdict: five batches before the doors answer 503
METADATA_BYTES = 64_000  # the metadata of an upload: a dozen short fields, ten times over
PART_HEADER_BYTES = 8_000  # the headers of one part of an upload

CHUNK_SECONDS = 10.0  # a sender silent for so long inside a body is cut off
GRACE_SECONDS = 20.0  # a body may be slow for so long (a mobile line waking up), after that it must keep
SLOWEST = 16_000  # bytes a second on average, a bad 2G line: 10 MB then take ten minutes, not a day
HEAD_SECONDS = 10.0  # a request's line and headers arrive in one packet; ten seconds forgive any line
HEAD_BYTES = 65_536  # of line and headers: ours need one, proxies add a few more kilobytes
KEEP_ALIVE_SECONDS = 30  # an idle connection is kept so long, so that a sender need not connect for each record
REQUESTS_AT_ONCE = 1_000  # each may hold up to INLINE_BYTES of a body in memory: together below 1 GB
CONNECTIONS = 4_000  # open at once, most of them idle; the last stop, below the usual limit of open files

RATE = 200.0  # requests a second and participant, unless `claims up --rate` says otherwise
ENTRY_SECONDS = (
    15.0  # outlasts the loss of a broker; while store or log is away for longer, senders are told to come again
)
LAG_RETRY_SECONDS = 5  # a backlog of LAG_LIMIT records takes longer, but senders should try again soon
VALIDATE_AT_ONCE = 4  # $validate holds its body in memory and takes a validation worker: two each, and records go first

VERDICT_SECONDS = 2.0  # a door waits so long for the verdict …
LONGEST_WAIT_SECONDS = 30.0  # … or as `Prefer: wait` says, up to this
RIGHTS_SECONDS = 0.05  # how often a door looks whether the brokers have withdrawn a right
SPLIT_SECONDS = 0.5  # how often a door looks at the least whether every accident of a file is judged: it hears of each

PAGE = 100  # records a page, unless asked for
LONGEST_PAGE = 500

SIGNATURE_SECONDS = 300  # tolerance of a signature's time, as Standard Webhooks recommends
