"""A profile as files: one YAML file for each entity, made for git.

    DIR/profile.yaml
    DIR/flavors/TYPE/NAME.yaml
    DIR/components/TYPE/NAME.yaml
    DIR/stacks/NAME.yaml

The first key of a file, `kind`, says what it defines; where it lies means nothing. Functions here take
and give text; only `folder` and `sources` touch files.

    shape     what a file may hold, as structs; to and from definitions
    text      a file's text to its struct, and back; comments are kept
    folder    a folder of such files: read, and brought up to date
    sources   which file a path is, one of these or a stack of ZenML's, and what it defines
    unified   what differs between two states, as diffs of such files
"""
