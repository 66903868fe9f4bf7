"""Tests of the path of a listing."""
