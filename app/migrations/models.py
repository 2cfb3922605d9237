"""Every table, imported once, for Alembic's autogenerate and for tests that compare model and schema."""

from sqlmodel import SQLModel

from app.audit import models as _audit  # noqa: F401
from app.documents import models as _documents  # noqa: F401
from app.dossiers import models as _dossiers  # noqa: F401
from app.forms import models as _forms  # noqa: F401
from app.identity import models as _identity  # noqa: F401
from app.messaging import models as _messaging  # noqa: F401
from app.teleconsultation import models as _teleconsultation  # noqa: F401

METADATA = SQLModel.metadata

__all__ = ["METADATA"]
