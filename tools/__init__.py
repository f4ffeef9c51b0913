"""Tools around the program: getting the Pulumi CLI, the language host where the official one is missing, the local environment."""
