"""What the hardware is called."""

import platform
from pathlib import Path


def name_processor() -> str:
    """Return the processor's name as Linux tells it; elsewhere what Python knows."""
    cpuinfo = Path('/proc/cpuinfo')
    for line in cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []:
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()
