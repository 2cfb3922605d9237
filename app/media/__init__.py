"""The forwarding unit (SFU): carries sound and pictures between the people of a room, without decoding them.

A process of its own (`python -m app media`), spoken to over a local socket (`docs/media-unit.md`). It stands apart:
nothing here imports the application but its settings and its errors.
"""
