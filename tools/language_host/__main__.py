"""Serve the engine until it says that it is done: the port on stdout first, the engine's address as first argument."""

from __future__ import annotations

import sys
from pathlib import Path

# Started by path, so that neither the working directory nor an editable install decides which code runs.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tools.language_host.server import main

if __name__ == "__main__":
    main(sys.argv[1:])
