"""The settings: what the configuration may say, with defaults and limits, each told once.

A module for each section, or for each kind of its entries. From them come the schema of
`config.yaml` and the flags of scripts. Nothing is imported here: what a script imports decides
what reruns it.
"""
