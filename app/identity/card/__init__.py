"""Logging in with a professional's card (CPS): what the server checks of a card's answer.

The code never comes here: it goes from the page to the reader agent on the same machine (`app.card_agent`).
"""
