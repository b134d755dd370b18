"""Every setting, read once from the environment; all faults are reported together."""

import base64
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, SecretStr, StringConstraints, field_validator
from pydantic import ValidationError as _ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network
# As a browser says it: scheme, host in lower case, and a port that is not the scheme's own.
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$")]
PREFIX = "INTERLUDE_"


class SettingsFault(Exception):
    """One sentence for each setting that is missing or wrong; no value is quoted."""


class Settings(BaseSettings):
    """How one process is run. Each field is the variable `INTERLUDE_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: str = Field(
        description="`sqlite:///path/to/file.db`, or `postgresql://user:password@host/name`."
    )
    owner_database_url: SecretStr | None = Field(
        default=None,
        description="Like `INTERLUDE_DATABASE_URL`, as the role that owns the tables. Read by "
        "`python -m diary migrate` and by nothing else; needed on PostgreSQL.",
    )
    master_key: SecretStr = Field(
        description="32 random bytes in base64: wraps the keys that are kept in the database, "
        "under which all that is secret there is sealed. Losing it loses what was sealed."
    )
    former_master_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Further master keys that still open, separated by commas: while the master "
        "key is being replaced.",
    )
    public_url: HttpUrl = Field(
        description="Where callers reach this API; the issuer of its tokens and the base of links "
        "in webhooks."
    )
    default_country: str = Field(
        default="ZZ",
        pattern=r"^[A-Z]{2}$",
        description="ISO 3166 country whose crisis contacts stand in an error when the caller's "
        "clinic is not known. `ZZ`: the worldwide advice.",
    )
    engine: Literal["embedded", "standby"] = Field(
        default="embedded",
        description="`embedded`: the API process also escalates and delivers. `standby`: it does "
        "so only while no `python -m engine` is alive (PostgreSQL only).",
    )
    pool_size: int = Field(
        default=10, ge=2, le=200, description="Database connections that one process keeps."
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=5,
        description="How many reverse proxies stand before this API and set `X-Forwarded-For`. "
        "Attempts to get in are counted by the address that the outermost of them saw.",
    )
    allowed_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        default=(),
        description="Origins of web pages that may call this API from a browser, separated by "
        "commas, each exactly as the browser says it. Without any, no page may.",
    )
    rate_factor: float = Field(
        default=1.0,
        ge=0,
        le=1_000,
        description="Multiplies how many requests a minute are taken from one address and one "
        "session. `0`: none is counted, because a proxy before this API does that.",
    )
    webhook_allow_http: bool = Field(
        default=False, description="Let webhooks leave over plain http. For a trial on one machine."
    )
    webhook_allowed_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Private networks that webhooks may reach, as CIDR separated by commas; "
        "everything that is not public is refused otherwise.",
    )
    webhook_ca_file: str | None = Field(
        default=None, description="A PEM file of further certificate authorities for webhooks."
    )
    last_resort: SecretStr | None = Field(
        default=None,
        description="Apprise URLs separated by spaces, of whoever is told when a policy is used up "
        "and the alert is high or critical. Needs `requirements-channels.txt`.",
    )
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="Where an engine POSTs after each canary that arrived, and only then: a "
        "watchdog elsewhere, which tells people when it hears nothing any more.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="The bearer token that `GET /metrics` asks for. Without it there is no such "
        "path.",
    )
    erasure_ledger: Path | None = Field(
        default=None,
        description="The file in which erasures are noted, apart from the database and its backups "
        "so that a restore can be told of them. Without it no patient can be erased.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least grave event that is logged."
    )

    @field_validator("former_master_keys")
    @classmethod
    def _are_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        return tuple(cls._is_a_key(each) for each in value)

    @field_validator("master_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        try:
            if len(base64.b64decode(value.get_secret_value(), validate=True)) == 32:
                return value
        except ValueError:
            pass
        raise ValueError("must be 32 bytes in base64; `openssl rand -base64 32` makes one")

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        if value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            return value
        raise ValueError("must start with sqlite:/// or postgresql://")

    @field_validator("allowed_origins")
    @classmethod
    def _is_as_browsers_say_it(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            scheme, _, rest = origin.partition("://")
            port = int(rest.partition(":")[2] or 1)
            if not 0 < port < 65_536 or port == {"http": 80, "https": 443}[scheme]:
                raise ValueError("a port must be one that is not the scheme's own")
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _is_a_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or value.get_secret_value().startswith(("https://", "http://")):
            return value
        raise ValueError("must start with https:// or http://")

    @field_validator(
        "webhook_allowed_networks", "allowed_origins", "former_master_keys", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @cached_property
    def masters(self) -> tuple[bytes, ...]:
        """32 bytes each: the master key that wraps, then those that still open."""
        keys = (self.master_key, *self.former_master_keys)
        return tuple(base64.b64decode(key.get_secret_value()) for key in keys)

    @cached_property
    def issuer(self) -> str:
        """The public URL without a trailing slash."""
        return str(self.public_url).rstrip("/")


def load_settings() -> Settings:
    """Settings from the environment, or a SettingsFault that names everything to put right."""
    try:
        return Settings()
    except _ValidationError as faults:
        lines = [
            f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in faults.errors()
        ]
        raise SettingsFault("\n".join(lines)) from None
