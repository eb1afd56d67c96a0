"""Against a real ZenML 0.98, in a virtual environment of its own: `make test-zenml`.

These tests are left out of `make test`. They need STACKROOM_TEST_ZENML, the Python of an environment in
which ZenML is installed; `make test-zenml` makes one.
"""
