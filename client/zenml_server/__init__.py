"""A running ZenML server (0.98) as a source of definitions, and as a place to bring them to.

    rest        its REST API: signing in, pages, errors in a sentence
    refusals    why the server refused something, without the values that it repeats
    reading     what the server has, as definitions
    pushing     what it takes for the server to say what definitions say; and doing it

Nothing here is asynchronous: a command asks one thing after the other.
"""
