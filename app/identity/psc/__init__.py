"""Pro Santé Connect: the national OpenID Connect provider of French health professionals.

`flow` is the login by the provider's pages (code flow, PKCE), `ciba` the login without leaving ours, `leaving` the
logout. What they share: `provider` (addresses, keys, requests), `tokens` (what an ID token must be), `claims` (who it
is), `linking` (which account that is), `sealing` (what a pending login may keep), `refusals` (what people are told).
What is checked, and what differs from the real provider: docs/pro-sante-connect.md.
"""
