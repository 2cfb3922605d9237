"""Measures of the product: `teledossier bench NAME`. Each compares inside one run and prints medians.

| name | what |
|---|---|
| `pages` | bytes, requests and time to content of login, list, dossier and guest page, beside a bare Panel page |
| `sessions` | what one open page costs the server, and what is left when sixty have closed |
| `documents` | upload to first page, jump, search, beside the browser's own viewer; what another session feels meanwhile |
| `login` | logins per second by password and by code; good logins beside two hundred wrong ones |
| `join` | click to first remote frame, beside two peer connections in one page |
| `sfu` | server CPU of a room through the forwarding unit, beside Janus and MediaRelay; delay and loss |
| `rooms` | how many rooms of 2, 3 and 6 one core carries, beside Janus |
| `soak` | a call of three for two hours: memory of web and media, longest gap between pictures |
"""

from app.bench.figures import Report, Target

__all__ = ["Report", "Target"]
