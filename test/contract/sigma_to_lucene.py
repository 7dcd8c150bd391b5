"""Reads Sigma detections as a JSON list, and prints what pySigma's Lucene back ends make of each; null where they can't.
The first argument says whose: elasticsearch or opensearch."""

import json
import sys

from sigma.collection import SigmaCollection

if sys.argv[1] == "opensearch":
    from sigma.backends.opensearch import OpensearchLuceneBackend as Backend
else:
    from sigma.backends.elasticsearch import LuceneBackend as Backend

backend = Backend()
queries = []
for detection in json.load(sys.stdin):
    rule = {"title": "t", "status": "test", "logsource": {"category": "test"}, "detection": detection}
    try:
        queries.append(backend.convert(SigmaCollection.from_dicts([rule]))[0])
    except NotImplementedError:
        queries.append(None)
print(json.dumps(queries))
