"""Synergy and redundancy within a layer: `estimators`, of what is `stored`, and of a network that is trained `live`."""
