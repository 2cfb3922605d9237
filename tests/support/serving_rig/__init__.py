"""A server with our own serving and two fictional people, for the tests of serving itself.

The platform is real where serving touches it (database, login sessions, bus) and empty elsewhere; the page
(`rig_page.py`) has one of everything that a page of ours can have.
"""
