"""A model that is open: its graphs are loaded once, however many photos it restores."""

from pairfix.backends.registry import open_session
from pairfix.backends.spec import Runtime, Session
from pairfix.model.model import Model
from pairfix.networks import Graph

__all__ = ["OpenModel"]


class OpenModel:
    """A model on a runtime; each graph is loaded when it first runs, and stays loaded."""

    def __init__(self, model: Model, runtime: Runtime) -> None:
        """Load nothing yet.

        Args:
            model: The network and its weights.
            runtime: Where and how it runs.
        """
        self.model = model
        self.runtime = runtime
        self._sessions: dict[str, Session] = {}

    def session(self, graph: Graph) -> Session:
        """One of the model's graphs, ready to run.

        Raises:
            ModelError, DeviceError, MemoryExhaustedError: As `pairfix.backends.open_session`.
        """
        if graph.name not in self._sessions:
            self._sessions[graph.name] = open_session(self.model, graph, self.runtime)
        return self._sessions[graph.name]
