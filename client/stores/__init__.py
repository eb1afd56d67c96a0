"""ZenML's own stores on disk as sources of definitions. They are read, and never written to.

    store           which store a path is, and what it defines
    yaml_tree       the YAML files of a local profile of 0.10 to 0.13
    sql_profile     the SQLite file of a `sql` profile of 0.10 to 0.13
    sql_store       the SQLite file of 0.98

Ids, times and versions that a store has are kept as provenance, in the key `zenml` of `extra`.
"""
