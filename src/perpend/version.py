"""The version of this package. Rooms import it from here; whoever uses the package reads ``perpend.__version__``."""

__version__ = "0.1.0"
