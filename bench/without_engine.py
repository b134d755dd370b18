"""The API alone, as no installation runs it: what a risk answer costs when nobody delivers."""

from api.app import create_app
from diary.house import open_house
from diary.logs import configure
from diary.settings import load_settings

_settings = load_settings()
configure(_settings.log_level)
app = create_app(open_house(_settings))
