"""Everything a room can do: each module registers its words (`protocol`) and its part (`parts`) when it is imported.

To add a feature, write its module and add its line here, in alphabetical order.
"""

from __future__ import annotations

from app.teleconsultation import acts as acts
from app.teleconsultation import checks as checks
from app.teleconsultation import facts as facts
from app.teleconsultation import silencing as silencing
