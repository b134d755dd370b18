"""Messages that the public Standard Webhooks libraries verify."""

import base64
import os
import time
from uuid import UUID

import pytest
import standardwebhooks
import svix.webhooks

from diary.webhooks.signing import headers, message_name, new_secret, sign

MESSAGE = message_name(UUID("018f2f6e-1111-7222-8333-444455556666"))
BODY = '{"type":"alert.triggered","data":{"note":"é"}}'.encode()


def secret_of(length: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(length))).decode()


def test_both_public_libraries_verify_a_message() -> None:
    secret = new_secret(os.urandom)
    sent = headers([secret], MESSAGE, int(time.time()), BODY)

    standardwebhooks.Webhook(secret).verify(BODY, sent)
    svix.webhooks.Webhook(secret).verify(BODY, sent)


@pytest.mark.parametrize("length", [24, 32, 64])
def test_secrets_of_every_allowed_length_are_verified(length: int) -> None:
    secret = secret_of(length)
    sent = headers([secret], MESSAGE, int(time.time()), BODY)

    standardwebhooks.Webhook(secret).verify(BODY, sent)
    svix.webhooks.Webhook(secret).verify(BODY, sent)


def test_during_a_rotation_the_old_and_the_new_secret_verify_and_no_other() -> None:
    old, new, other = (new_secret(os.urandom) for _ in range(3))
    sent = headers([new, old], MESSAGE, int(time.time()), BODY)

    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(BODY, sent)
        svix.webhooks.Webhook(secret).verify(BODY, sent)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(other).verify(BODY, sent)
    with pytest.raises(svix.webhooks.WebhookVerificationError):
        svix.webhooks.Webhook(other).verify(BODY, sent)


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "body"])
def test_a_changed_message_is_not_verified(part: str) -> None:
    secret = new_secret(os.urandom)
    now = int(time.time())
    sent = headers([secret], MESSAGE, now, BODY)
    body = BODY
    if part == "body":
        body = BODY.replace(b"triggered", b"resolved")
    else:
        sent[part] = {"webhook-id": MESSAGE + "0", "webhook-timestamp": str(now + 1)}[part]

    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(body, sent)
    with pytest.raises(svix.webhooks.WebhookVerificationError):
        svix.webhooks.Webhook(secret).verify(body, sent)


def test_the_published_example_is_signed_as_published() -> None:
    signature = sign(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_headers_are_these_and_no_others() -> None:
    assert headers([secret_of(32)], MESSAGE, 1_700_000_000, BODY) == {
        "webhook-id": "msg_018f2f6e111172228333444455556666",
        "webhook-timestamp": "1700000000",
        "webhook-signature": sign([secret_of(32)], MESSAGE, 1_700_000_000, BODY),
        "content-type": "application/json",
        "user-agent": "interlude",
    }


def test_a_new_secret_is_32_bytes_of_the_source() -> None:
    assert new_secret(lambda count: b"\x01" * count) == (
        "whsec_" + base64.b64encode(b"\x01" * 32).decode()
    )


def test_a_source_that_gives_too_little_makes_no_secret() -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        new_secret(lambda _: b"short")


@pytest.mark.parametrize(
    "secret",
    [
        secret_of(0),
        secret_of(23),
        secret_of(65),
        secret_of(32).removeprefix("whsec_"),
        "whsec_" + "!" * 44,
        secret_of(32) + "\n",
        secret_of(32)[:-2],
        "whsec_" + "é" * 44,
    ],
)
def test_another_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret") as refusal:
        sign([secret], MESSAGE, 1, b"")

    assert len(secret) < 12 or secret[6:18] not in str(refusal.value)


def test_a_message_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        sign([], MESSAGE, 1, b"")


@pytest.mark.parametrize("name", ["", "msg.1", "msg 1", "msg_1\r\nx: y", "msg_é"])
def test_a_message_id_that_could_be_read_in_two_ways_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a message id"):
        sign([secret_of(32)], name, 1, b"")
