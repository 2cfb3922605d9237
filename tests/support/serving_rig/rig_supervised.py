"""The rig under the product's supervisor: `python -m tests.support.serving_rig.rig_supervised VAR PORT`."""

import asyncio
import sys
from pathlib import Path

from app.server import supervisor
from tests.support.serving_rig.rig_server import rig_command, rig_settings

if __name__ == "__main__":
    settings = rig_settings(Path(sys.argv[1]), int(sys.argv[2]))
    web = supervisor.children(settings, rig_command(settings))[0]
    asyncio.run(supervisor.supervise(settings, [web], lambda line: print(line, flush=True)))
