"""What schemathesis cannot guess: values that go together, as a license key and its product, so that some calls succeed.

Every other generated body, and every other set of parameters in a path, gets them; the rest stays as it was drawn.
"""

import json
import os
from itertools import count

import schemathesis

KNOWN = json.loads(os.environ["LEASEHOLD_KNOWN"])
calls = count()


def with_known(drawn):
    if not isinstance(drawn, dict) or next(calls) % 2:
        return drawn
    return {name: KNOWN[name] if name in KNOWN and isinstance(value, str) else value for name, value in drawn.items()}


@schemathesis.hook
def map_body(context, body):
    return with_known(body)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return with_known(path_parameters)
