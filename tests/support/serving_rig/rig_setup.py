"""`--setup` of the rig: the product's own hook, with the rig's platform."""

from app import settings as settings_module
from app.server import context, setup
from tests.support.serving_rig import rig_platform

_settings = settings_module.load()
context.use(rig_platform.build(_settings))
setup.hook_into_panel(_settings)
