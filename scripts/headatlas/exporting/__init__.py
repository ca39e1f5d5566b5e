"""Finished atlases for use elsewhere: as a data set, in the format of HeadVis, as a web site."""
