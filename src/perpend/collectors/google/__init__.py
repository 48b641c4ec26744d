"""Collect from Google Cloud: an organization, folder or project at one moment, as Cloud Asset Inventory knew it."""
