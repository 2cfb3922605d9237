"""The reader agent of a workstation: asks a professional's card for one signature, and nothing else.

It runs beside the browser, on the person's machine (`teledossier card-agent`), and knows nothing of the server: of
`app` it imports only the settings and the errors. What it and the server have in common is `message`.
"""
