"""Alembic environment: the connection is given by `app.db.migrate`; never reads a configuration file."""

from alembic import context

from app.migrations.models import METADATA


def run() -> None:
    """Run the migrations on the given connection."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


run()
