"""A small OpenID Connect provider that behaves like Pro Santé Connect, for the demo alone, and its e-CPS telephone.

`desk` holds what is under way, `minting` signs, `identities` says who exists, `endpoints` answers our server, `pages`
and `telephone` answer the person. It follows the same specifications as the real one but is written by us: what only
another implementation can show is tested against npm's `oidc-provider`.
"""
