"""Makes one call of Intempt's own Python client: host, then the call's path, then its arguments as JSON."""

import json
import sys

from intempt import BatchOptions, Intempt

host, call, arguments = sys.argv[1:]
client = Intempt(
    org="org",
    project="shop",
    api_key="identifier.secret",
    source_id="1234567890123456789",
    host=host,
    scheme="http",
    batch=BatchOptions(size=50, flush_ms=60_000) if call.startswith("batched.") else None,
)
for one in json.loads(arguments):
    target = client
    for name in call.removeprefix("batched.").split("."):
        target = getattr(target, name)
    target(**one)
client.close()
