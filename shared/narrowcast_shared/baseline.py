"""The old name of the package `narrowcast_client.baseline`.

It warns, and gives the new modules themselves, so that classes have one identity. It names them at
run time only: nothing in `narrowcast_shared` depends on the client.
"""

import importlib
import sys
import warnings

warnings.warn(
    "narrowcast_shared.baseline is now narrowcast_client.baseline: import from there",
    DeprecationWarning,
    stacklevel=2,
)
sys.modules[__name__] = importlib.import_module("narrowcast_client.baseline")
sys.modules[f"{__name__}.estimate"] = importlib.import_module("narrowcast_client.baseline.estimate")
