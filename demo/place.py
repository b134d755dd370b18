"""Where the demo keeps its things, and the settings that it runs with."""

import base64
import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diary.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Place:
    """The demo's folder. Whatever opens something is readable by its owner alone."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "diary.db"

    @property
    def credentials(self) -> Path:
        return self.folder / "credentials.json"

    @property
    def webhook_secret(self) -> Path:
        return self.folder / "webhook.secret"

    @property
    def webhooks(self) -> Path:
        return self.folder / "webhooks.jsonl"

    @property
    def log(self) -> Path:
        return self.folder / "api.log"

    def keep(self, file: Path, text: str) -> None:
        """Write a file whole or not at all, for the owner's eyes."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.new")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w") as out:
            out.write(text)
        new.replace(file)

    def read_json(self, name: str) -> dict[str, Any]:
        """What is kept under a name; empty where nothing is."""
        try:
            kept: dict[str, Any] = json.loads((self.folder / name).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return kept

    def keep_json(self, name: str, value: dict[str, Any]) -> None:
        """Keep a value under a name."""
        self.keep(self.folder / name, json.dumps(value, indent=2) + "\n")

    def master_key(self) -> str:
        """The master key, made on the first run: a new one could not open what is sealed."""
        file = self.folder / "master.key"
        if not file.exists():
            self.keep(file, base64.b64encode(os.urandom(32)).decode() + "\n")
        return file.read_text("ascii").strip()

    def environment(self, port: int) -> dict[str, str]:
        """The settings, kept in `settings.env` too, for `python -m diary` beside the demo."""
        values = {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "MASTER_KEY": self.master_key(),
            "PUBLIC_URL": f"http://{HOST}:{port}",
            "DEFAULT_COUNTRY": "US",
            # The receiver is on this machine and speaks plain http; no other address is opened.
            "WEBHOOK_ALLOW_HTTP": "true",
            "WEBHOOK_ALLOWED_NETWORKS": f"{HOST}/32",
        }
        named = {f"{PREFIX}{name}": value for name, value in values.items()}
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in named.items()]
        self.keep(self.folder / "settings.env", "".join(lines))
        return named


def settings(environment: dict[str, str]) -> Settings:
    """The settings that a process with this environment has."""
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
    return Settings.model_validate(given)


PLACE = Place(Path(os.environ.get("DEMO_FOLDER") or ROOT / "var" / "demo").absolute())
