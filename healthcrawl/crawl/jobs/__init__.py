"""What the commands do: a module for each, loaded when its command runs."""
