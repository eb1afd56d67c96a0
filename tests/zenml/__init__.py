"""Tests of ZenML's stack YAML."""
