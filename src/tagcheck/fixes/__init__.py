"""Repairs of findings: what would be written, proved by another scan before anything is.

A repair proposes edits for one finding. It knows one kind of fault and proposes only what a person would write there
without asking; whether the proposal is right is not its own to say. The project is scanned again as it would be after
the edits, in memory: the finding must be gone, no other may have come, nothing may be less known than before, and every
image must go through the same stages as before, under the name that the repair promised. Silence alone proves nothing:
an edit that makes a name unknown silences rules too.

Rejected: repairs inside the rules (a rule would have to know languages), and text patterns (a place comes from the
analysis, and what stands around it from the language's own syntax tree).
"""
