"""Others who keep a log and tell many of it, driven through the same work as our hub.

`peer.Peer` says what each must be able to do; one module drives one of them; `roster` lists them all.
The cases `commits`, `catch_up` and `delivery` measure whoever is installed.
"""
