"""${message}.

Why: say it here.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Say what is expanded."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Say what is taken back."""
    ${downgrades if downgrades else "pass"}
