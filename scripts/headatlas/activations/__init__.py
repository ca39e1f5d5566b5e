"""What is read off a model as it runs, reduced inside the hooks."""
