"""Whatever happens in whatever order, what must always hold for alerts holds: see `model`."""

from pathlib import Path

import pytest

from tests.engine.exploring import copies, explore
from tests.postgresql import Server


def test_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    explore(copies(sqlite_template, tmp_path))


@pytest.mark.postgresql
def test_on_postgresql(postgresql_server: Server) -> None:
    def create(number: int) -> str:
        return postgresql_server.create_database(f"m_{number}", template="template_interlude")

    explore(create)
