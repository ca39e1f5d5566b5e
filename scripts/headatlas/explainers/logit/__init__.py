"""Where a head looks, as a sparse conditional logit: a distribution over keys for each query.

A library that no rule of the workflow uses yet: `grid` lays the cells of windows out,
`features` says where sources and triggers hold and with how many weights, `model` is the
distribution and its fit, `gains` what one more feature would add, `selection` the forward
search, `wording` what a varying weight says, and `measures` how much of the attention a
prediction explains.
"""
