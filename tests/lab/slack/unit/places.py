# SPDX-License-Identifier: Apache-2.0
"""Where these tests find the simulator's modules and the class that starts it."""

import sys
from pathlib import Path

_SLACK = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_SLACK), str(_SLACK.parent)]
