"""Streams: step models unrolled to the nets that they are, and compared (SEMANTICS 10).

``pairing``    which output of a call is which state of the next
``axes``       along which axis an input is a stream, and the steps of outputs
``unrolling``  calls one after the other, as one graph
``steady``     after how many calls nothing changes any more, and what of the past never ends
``runs``       what the engine makes of it: the steady call as a periodic map
``calls``      what is known of the calls beside their graph
``stream``     all of it together: from a call to the analysis of the stream
``needed``     how much of a state is needed
``comparing``  whether two nets are the same stream, ``units`` one after the other
"""

from pytest_rf.streams.comparing import Comparison, compared
from pytest_rf.streams.stream import Stream, streamed

__all__ = ["Comparison", "Stream", "compared", "streamed"]
