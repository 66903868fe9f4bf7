"""Sessions under lock: encrypted for one platform with a key that only this house's folder holds."""

import json
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crawler import SessionState

_NONCE = 12


def seal(key: bytes, platform: str, state: SessionState) -> bytes:
    """AES-256-GCM; bound to its platform, so that a row moved to another one opens nothing."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, json.dumps(state).encode(), platform.encode())


def unseal(key: bytes, platform: str, sealed: bytes) -> SessionState | None:
    """What was sealed; None where this key does not open it, or it was altered."""
    try:
        opened: SessionState = json.loads(AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], platform.encode()))
    except (InvalidTag, ValueError):
        return None
    return opened
