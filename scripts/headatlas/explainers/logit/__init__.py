"""Where a head looks, as a sparse conditional logit: a distribution over keys for each query.

No rule of the workflow uses this package yet; the real-model benchmark does.
"""
