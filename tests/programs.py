"""Programs of a clinic that sign their assertions."""

from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.cast import Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ENDPOINT = "https://diary.example/oauth/token"
SCOPES = ["alerts:read", "clinic:read"]
P384 = ec.generate_private_key(ec.SECP384R1())
P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2_048)
STRANGE = ec.generate_private_key(ec.SECP384R1())
ALGORITHM = {P384: "ES384", P256: "ES256", RSA: "RS384"}
Key = EllipticCurvePrivateKey | RSAPrivateKey


def jwk(key: Any, kid: str = "one", **more: Any) -> dict[str, Any]:
    algorithm = jwt.get_algorithm_by_name("RS384" if isinstance(key, RSAPrivateKey) else "ES384")
    made: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    made.pop("key_ops", None)
    return made | {"kid": kid} | more


class Program:
    """A program of Erin's clinic that signs its assertions."""

    def __init__(self, cast: Cast, api: Api, clock: SimulatedClock, key: Key = P384) -> None:
        body = {"name": "Pager", "scopes": SCOPES, "public_keys": [jwk(key)]}
        response = cast.erin.api.post("/v1/api-clients", body)
        assert response.status == 201, response
        self.registered = response.json
        self.id = response.json["id"]
        self.api, self.clock, self.key = api, clock, key

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Those of a good assertion, with changes; None leaves one out."""
        claims = {
            "iss": self.id,
            "sub": self.id,
            "aud": ENDPOINT,
            "jti": str(uuid4()),
            "exp": int(self.clock.now().timestamp()) + 300,
        }
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def sign(
        self, claims: dict[str, Any] | None = None, key: Any = None, alg: Any = None, **header: Any
    ) -> str:
        """An assertion, good but for what is given."""
        key = key or self.key
        return jwt.encode(
            self.claims() if claims is None else claims,
            key,
            alg or ALGORITHM.get(key, "ES384"),
            headers={"kid": "one"} | header,
        )

    def ask(self, assertion: str, **fields: str) -> Response:
        """Ask for an access token with it."""
        body = {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": assertion,
        }
        return self.api.form("/oauth/token", **(body | fields))
