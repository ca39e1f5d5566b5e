"""Asking language models through any OpenAI-compatible server."""
