"""The WSGI application, from the environment: the API, and an engine beside it or standing by."""

import sys

import migrations
from api.app import create_app
from diary.database import UnsafeDatabase
from diary.house import open_house, serve_alone
from diary.logs import configure
from diary.settings import SettingsFault, load_settings
from diary.vault import WrongMasterKey
from diary.wakeup import Wakeup
from engine.loop import start_beside
from engine.standby import stand_by

try:
    _settings = load_settings()
except SettingsFault as fault:
    sys.exit(str(fault))

configure(_settings.log_level)
try:
    if not migrations.is_current(_settings.database_url):
        sys.exit("The database is not at the newest schema; run `python -m diary migrate`.")
    migrations.require_isolation(_settings.database_url)
    if _settings.engine != "embedded" and _settings.database_url.startswith("sqlite"):
        sys.exit(f"INTERLUDE_ENGINE: {_settings.engine} needs PostgreSQL; use embedded on SQLite.")
    _wake = Wakeup()
    _house = open_house(_settings, _wake)
    # Kept for the life of the process: the lock ends with it.
    _alone = serve_alone(_house)
    _house.vault.root()
except (UnsafeDatabase, WrongMasterKey) as fault:
    sys.exit(str(fault))
app = create_app(_house)
if _settings.engine == "embedded":
    _wake.listen(start_beside(_house, alone=_alone is not None).wake)
else:
    stand_by(_house, _wake)
