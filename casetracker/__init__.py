"""The project package and the ground that both apps stand on."""
