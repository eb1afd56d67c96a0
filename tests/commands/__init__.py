"""Tests of the command line, one file a verb or group; `runner` runs it as a person would."""
