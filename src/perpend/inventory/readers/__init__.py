"""Read files into an inventory: credential reports, arrays of objects, and the formats of other tools.

The content decides the format, never the file name.
"""

from perpend.inventory.readers.errors import UnusableInput
from perpend.inventory.readers.read import Collected, collect_files

__all__ = ["Collected", "UnusableInput", "collect_files"]
