"""The version of this package. Modules import it from here; users read ``perpend.__version__``."""

__version__ = "0.1.0"
