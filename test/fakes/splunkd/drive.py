"""What Python's splunklib makes of the fake: a search from login to cancel, printed as JSON for clients.test.ts."""

import json
import sys
from time import sleep

import splunklib.client as client
import splunklib.results as results

scheme, host, port, app = sys.argv[1:5]
service = client.connect(scheme=scheme, host=host, port=int(port), username="admin", password="changeme", app=app or None)
job = service.jobs.create("search index=web | stats count BY user", earliest_time="1480000000", latest_time="1480000600")
looks = 0
while not job.is_done():
    looks += 1
    sleep(0.01)
rows = [dict(row) for row in results.JSONResultsReader(job.results(output_mode="json", count=0)) if isinstance(row, dict)]
oneshot = [dict(row) for row in results.JSONResultsReader(service.jobs.oneshot("search index=web | head 1 | table n", output_mode="json")) if isinstance(row, dict)]
found = [one.sid for one in service.jobs.list()]
try:
    service.jobs.create("search index=web | nosuch")
    refusal = None
except Exception as error:
    refusal = [type(error).__name__, getattr(error, "status", None), str(error)]
answer = {
    "version": ".".join(str(part) for part in service.splunk_version),
    "looks": looks,
    "count": job["resultCount"],
    "events": job["eventCount"],
    "state": job["dispatchState"],
    "rows": rows,
    "oneshot": oneshot,
    "listed": job.sid in found,
    "indexes": [index.name for index in service.indexes.list()],
    "refusal": refusal,
}
job.cancel()
print(json.dumps(answer))
