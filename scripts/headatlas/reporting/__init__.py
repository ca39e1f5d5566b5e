"""Reporting: the tables and the pages that publish an atlas."""
