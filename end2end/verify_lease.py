"""Verifies a lease with PyJWT and a JWKS, knowing nothing else: verify_lease.py JWKS ISSUER AUDIENCE LEASE"""

import json
import sys

import jwt

jwks, issuer, audience, lease = sys.argv[1:]
key = jwt.PyJWKClient(jwks).get_signing_key_from_jwt(lease).key
required = ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"]
claims = jwt.decode(lease, key, algorithms=["EdDSA"], issuer=issuer, audience=audience, options={"require": required})
assert jwt.get_unverified_header(lease)["typ"] == "lease+jwt"
print(json.dumps(claims))
