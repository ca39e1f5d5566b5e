"""What is on disk: every table and every JSON record, defined once, a module for each stage.

Stages do not import each other: a stage reads the records of the one before and writes its
own. Tables are Arrow schemas, JSON records are pydantic models; the JSON schemas in
`workflow/schemas/` are generated from them. Nothing is imported here: what a script imports
decides what reruns it.
"""
