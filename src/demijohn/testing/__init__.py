"""Test clients and builders of environs."""
