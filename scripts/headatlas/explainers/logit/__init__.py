"""Where a head looks, as a sparse conditional logit: a distribution over keys for each query.

`grid` lays the cells of windows out, `features` says where sources and triggers hold and with
how many weights, `model` is the distribution and its fit, `gains` what one more feature would
add, `selection` the forward search, `importance` what each part is needed for, and `measures` how
much of the attention a prediction explains.
"""
