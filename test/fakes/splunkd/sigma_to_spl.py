"""Reads Sigma detections as a JSON list, and prints what pySigma's Splunk back end makes of each; null where it can't."""

import json
import sys

from sigma.backends.splunk import SplunkBackend
from sigma.collection import SigmaCollection

backend = SplunkBackend()
searches = []
for detection in json.load(sys.stdin):
    rule = {"title": "t", "status": "test", "logsource": {"category": "test"}, "detection": detection}
    try:
        searches.append(backend.convert(SigmaCollection.from_dicts([rule]))[0])
    except NotImplementedError:
        searches.append(None)
print(json.dumps(searches))
