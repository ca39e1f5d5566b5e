"""Studies: variants of one run side by side, what a setting is worth and what it costs.

As the comparison of runs it stands above the stages whose files it reads, and uses their code,
so that a figure means here what it means in an atlas.
"""
