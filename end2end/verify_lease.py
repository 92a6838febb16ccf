"""Verifies leases with PyJWT and a JWKS, knowing nothing else.

verify_lease.py JWKS ISSUER AUDIENCE LEASE   prints the claims of one lease
verify_lease.py --corpus FILE                prints, for each token of sdk/examples/token_corpus, 1 or 0
"""

import json
import sys

import jwt

REQUIRED = ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"]


def verify(lease, key, issuer, audience, leeway=0):
    options = {"require": REQUIRED}
    claims = jwt.decode(lease, key, algorithms=["EdDSA"], issuer=issuer, audience=audience, options=options, leeway=leeway)
    assert jwt.get_unverified_header(lease)["typ"] == "lease+jwt"
    return claims


def corpus(file):
    with open(file, encoding="utf-8") as lines:
        setup = json.loads(next(lines))
        keys = {jwk["kid"]: jwt.PyJWK.from_dict(jwk).key for jwk in setup["keys"]}
        for line in lines:
            token = json.loads(line)["token"]
            try:
                key = keys[jwt.get_unverified_header(token)["kid"]]
                verify(token, key, setup["issuer"], setup["audience"], leeway=60)
                yield "1"
            except (jwt.PyJWTError, KeyError, TypeError, AssertionError, ValueError):
                yield "0"


if sys.argv[1] == "--corpus":
    print("".join(corpus(sys.argv[2])))
else:
    jwks, issuer, audience, lease = sys.argv[1:]
    key = jwt.PyJWKClient(jwks).get_signing_key_from_jwt(lease).key
    print(json.dumps(verify(lease, key, issuer, audience)))
