"""Everything a room can do: each module registers its words (`protocol`) and its part (`parts`) when it is imported.

To add a feature, write its module and add its line here, in alphabetical order.
"""

from __future__ import annotations

from app.teleconsultation import acts as acts
from app.teleconsultation import checks as checks
from app.teleconsultation import facts as facts
from app.teleconsultation import files_acts as files_acts
from app.teleconsultation import files_stills as files_stills
from app.teleconsultation import linking as linking
from app.teleconsultation import removing as removing
from app.teleconsultation import renewing as renewing
from app.teleconsultation import shown as shown
from app.teleconsultation import silencing as silencing
