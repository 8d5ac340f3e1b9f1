"""The pages of a sign-in with more than a password, and of a first and a forgotten password."""

import hashlib
import secrets
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from casetracker.models import User
from tests.cast import make_person
from tests.journeys.conftest import PHONE, Rig, sign_in
from tests.journeys.faults import faults, faults_of
from tests.journeys.places import OF_A_PASSKEY, OF_A_SECOND_FACTOR
from tests.world import address_of


def passkey() -> dict[str, Any]:
    """What a browser hands over when a passkey is made."""
    number = secrets.token_bytes(16)
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = AttestedCredentialData.create(bytes(16), number, public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(hashlib.sha256(b"127.0.0.1").digest(), flags, 0, made)
    client = CollectedClientData.create("webauthn.create", secrets.token_bytes(32), "http://127.0.0.1")
    return {
        "id": websafe_encode(number),
        "rawId": websafe_encode(number),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }


def with_a_second_factor(name: str) -> tuple[User, int]:
    """A person with an app, codes and a passkey; and the number of the passkey."""
    person = make_person(name, "双重")
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)
    return person, WebAuthn.add(person, "办公室的钥匙", passkey()).instance.pk


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_of_a_second_factor_are_pages_too(rig: Rig, language: str) -> None:
    person, key = with_a_second_factor(f"secured_{language}")
    page = rig.page(person, language=language, size=PHONE)
    urls = [address_of(name) for name in (*OF_A_SECOND_FACTOR, "mfa_index", "mfa_list_webauthn")]
    urls += [address_of(name, (key,)) for name in OF_A_PASSKEY]
    assert faults_of(page, urls, PHONE) == []


def test_the_second_step_of_signing_in_is_a_page_too(rig: Rig) -> None:
    with_a_second_factor("secured_entering")
    page = rig.page(size=PHONE, language="zh")
    sign_in(page, "secured_entering")
    page.wait_for_url("**" + address_of("mfa_authenticate"))
    assert faults(page, PHONE) == []


def test_a_first_and_a_forgotten_password_are_set_on_pages(rig: Rig) -> None:
    person = make_person("without_password", "未设")
    person.set_unusable_password()
    person.save()
    page = rig.page(person, size=PHONE)
    assert faults_of(page, [address_of("account_set_password")], PHONE) == []
    forgetful = make_person("forgetful", "忘之")
    key = (user_pk_to_url_str(forgetful), default_token_generator.make_token(forgetful))
    page = rig.page(size=PHONE, language="zh")
    page.goto(address_of("account_reset_password_from_key", key))
    assert page.locator("input[name=password1]").count() == 1
    assert faults(page, PHONE) == []
