"""Files in, an estate out: credential reports (CSV, the AWS CLI's JSON answer, gzip of either) and test-data arrays.

What a file is, is told by its content, never by its name. Refuses to know policies and verdicts.
"""

from perpend.inventory.readers.errors import UnusableInput
from perpend.inventory.readers.read import Collected, collect_files

__all__ = ["Collected", "UnusableInput", "collect_files"]
