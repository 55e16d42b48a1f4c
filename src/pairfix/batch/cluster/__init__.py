"""Restore a plan's pairs on a Ray cluster.

A process of its own drives the cluster, because Ray prints, takes over signals and may wait for
minutes where there is no cluster (`driver`). It is started first, so that it joins the cluster
while this process finds the pairs (`outside`); then it hands them to workers (`crew`), which know
nothing of Ray (`pairfix.batch.remote`). It alone writes what they send back, so that a result is
written once however often workers are lost.
"""

from pairfix.batch.cluster.outside import Joining, check_cluster, joining

__all__ = ["Joining", "check_cluster", "joining"]
