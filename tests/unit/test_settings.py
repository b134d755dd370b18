"""The environment is read once; a fault in it is told in full and quotes nothing."""

import base64
from ipaddress import ip_network
from pathlib import Path

import pytest

from diary.settings import PREFIX, Settings, SettingsFault, load_settings

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"
KEY = base64.b64encode(bytes(range(32))).decode()
ENOUGH = {
    "DATABASE_URL": "sqlite:///diary.db",
    "MASTER_KEY": KEY,
    "PUBLIC_URL": "https://diary.example/",
}
# Each is wrong in a way of its own, and each value would be a leak where it was quoted.
WRONG = {
    "DATABASE_URL": "mysql://root:hunter2@db/diary",
    "MASTER_KEY": "bm90LTMyLWJ5dGVz",
    "PUBLIC_URL": "leaky-host",
    "DEFAULT_COUNTRY": "leaky-country",
    "ENGINE": "leaky-engine",
    "POOL_SIZE": "leaky-size",
    "ALLOWED_ORIGINS": "https://app.diary.example,https://leaky-path.example/app",
    "WEBHOOK_ALLOW_HTTP": "leaky-flag",
    "WEBHOOK_ALLOWED_NETWORKS": "10.0.0.0/8,leaky-network",
    "HEARTBEAT_URL": "leaky-watchdog",
    "METRICS_TOKEN": "leaky-token",
    "LOG_LEVEL": "leaky-level",
}


def environment(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)


def test_three_settings_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ENOUGH)

    settings = load_settings()

    assert settings.masters == (bytes(range(32)),)
    assert settings.issuer == "https://diary.example"
    assert settings.engine == "embedded"
    assert not settings.webhook_allow_http
    assert settings.webhook_allowed_networks == ()


def test_networks_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = {"WEBHOOK_ALLOWED_NETWORKS": " 10.1.0.0/16, fd00::/8 ,"}
    environment(monkeypatch, ENOUGH | networks)

    found = load_settings().webhook_allowed_networks

    assert found == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "https://*.example",
        "app.example",
        "https://A.example",
        "https://a.example:443",
        "http://a.example:80",
        "https://a.example:99999",
    ],
)
def test_an_origin_is_one_page_s_and_no_pattern(
    monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    environment(monkeypatch, ENOUGH | {"ALLOWED_ORIGINS": origin})
    with pytest.raises(SettingsFault, match="ALLOWED_ORIGINS"):
        load_settings()


def test_whatever_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsFault) as fault:
        load_settings()

    assert {line.partition(":")[0] for line in str(fault.value).splitlines()} == {
        PREFIX + name for name in ENOUGH
    }


def test_every_fault_is_told_at_once_and_no_value_is_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment(monkeypatch, WRONG)

    with pytest.raises(SettingsFault) as fault:
        load_settings()

    told = str(fault.value)
    assert {line.partition(":")[0].partition("[")[0] for line in told.splitlines()} == {
        PREFIX + name for name in WRONG
    }
    assert "leaky" not in told
    assert "hunter2" not in told
    assert not any(value in told for value in WRONG.values())
    # Nor can a traceback lead to them.
    assert fault.value.__cause__ is None
    assert fault.value.__suppress_context__


@pytest.mark.parametrize(
    "key",
    ["", "short", base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode(), "ñ"],
)
def test_a_master_key_is_32_bytes_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    environment(monkeypatch, ENOUGH | {"MASTER_KEY": key})

    with pytest.raises(SettingsFault, match=f"^{PREFIX}MASTER_KEY: "):
        load_settings()


def test_showing_the_settings_does_not_show_the_master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ENOUGH)

    assert KEY not in repr(load_settings())


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in DOCUMENTATION.read_text("utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is(name: str) -> None:
    assert Settings.model_fields[name].description
