"""Rule files in which something is wrong: the text, the line, what the error says of it, and its hint."""

OBJECT_FIELDS = "Rules of objects have key, glob, action, path, user, to and reason."
ACTIONS = "Choose 'ignore', 'rename', 'backup', 'take source' or 'take destination'."
SEGMENT = "A segment has 1 to 255 bytes of UTF-8 in NFC, without slash, backslash and control characters."
GLOB = "Wildcards are *, **, ?, [ab] and [!ab]; [*] is a star. For one object write key instead of glob."


def rule(fields: str) -> str:
    """A file whose third line is a rule with these fields and a reason."""
    return f'objects = [\n  # above\n  {{ {fields}, reason = "r" }},\n]\n'


def user(fields: str) -> str:
    """A file whose third line is a user's rule with these fields and a reason."""
    return f'\nusers = [\n  {{ {fields}, reason = "r" }},\n]\n'


ERRORS = [
    (
        "objects = [\n  { key = 'a', action = 'ignore' reason = 'r' },\n]",
        2,
        "is not TOML: Unclosed inline table",
        "Texts stand in quotes, a backslash in them is written twice, and rules are separated by commas.",
    ),
    (
        "objects = [\n",
        2,
        "is not TOML: Invalid value",
        "Texts stand in quotes, a backslash in them is written twice, and rules are separated by commas.",
    ),
    ("\nobject = []", 2, "has the unknown name 'object'", "A rule file has objects and users."),
    (
        "objects = 1",
        1,
        "gives 'objects' something else than a list of rules",
        "Write objects = [ { ... }, { ... } ], a table for each rule.",
    ),
    (
        "objects = ['a']",
        1,
        "gives 'objects' something else than a list of rules",
        "Write objects = [ { ... }, { ... } ], a table for each rule.",
    ),
    (
        "\n[users]\nid = 'a'",
        2,
        "gives 'users' something else than a list of rules",
        "Write users = [ { ... }, { ... } ], a table for each rule.",
    ),
    (
        '"obj\\u0065cts" = [ { key = "a", action = "ignore", reason = "r" } ]',
        1,
        "begins objects in a way that hides where each begins",
        "Write each rule as { ... } on a line of its own, as --suggest does.",
    ),
    (rule('key = "a", acton = "ignore"'), 3, "has the unknown field 'acton'", OBJECT_FIELDS),
    (
        "[[objects]]\nkey = 'a'\n\nacton = 'ignore'\nreason = 'r'",
        4,
        "has the unknown field 'acton'",
        OBJECT_FIELDS,
    ),
    (
        user('id = "a", action = "skip", key = "b"'),
        3,
        "has the unknown field 'key'",
        "Rules of users have id, action, to and reason.",
    ),
    (rule('key = 1, action = "ignore"'), 3, "gives 'key' the value 1", 'Write a text: key = "...".'),
    (rule('key = "", action = "ignore"'), 3, "gives 'key' the value ''", 'Write a text: key = "...".'),
    (
        "objects = [ { key = 'a', action = 'ignore', reason = ' ' } ]",
        1,
        "gives 'reason' the value ' '",
        'Write a text: reason = "...".',
    ),
    (
        "objects = [ { key = 'a', action = 'ignore' } ]",
        1,
        "has a rule without a reason",
        'Write why: reason = "...". Plans and reports show it.',
    ),
    (rule('key = "a"'), 3, "has a rule without an action", ACTIONS),
    (rule('key = "a", action = "delete"'), 3, "has the unknown action 'delete'", ACTIONS),
    (
        user('id = "a", action = "delete"'),
        3,
        "has the unknown action 'delete'",
        "Choose 'map', 'skip' or 'is not a user'.",
    ),
    (
        rule('action = "ignore"'),
        3,
        "has a rule with neither a key nor a glob",
        'Write key = "..." for one object, or glob = "..." for several.',
    ),
    (
        rule('key = "a", glob = "a*", action = "ignore"'),
        3,
        "has a rule with both a key and a glob",
        'Write key = "..." for one object, or glob = "..." for several.',
    ),
    (rule('glob = "a/b", action = "ignore"'), 3, "has the glob 'a/b', which has no wildcard", GLOB),
    (rule('glob = "a/***", action = "ignore"'), 3, "has the glob 'a/***', which has 3 stars in a row", GLOB),
    (rule('glob = "a[b", action = "ignore"'), 3, "has the glob 'a[b', which has a '[' without its ']'", GLOB),
    (
        rule('glob = "a[z-a]", action = "ignore"'),
        3,
        "has the glob 'a[z-a]', which has a set of characters that is none (bad character range z-a)",
        GLOB,
    ),
    (
        rule('key = "dev/games/x", action = "ignore"'),
        3,
        "has a rule about 'dev/games/x', a key of the new layout",
        "Such objects stay where they are: take the rule out.",
    ),
    (
        rule('key = "a", action = "ignore", path = "b"'),
        3,
        "gives a rule that does 'ignore' the field 'path'",
        "Take it out, or choose another action.",
    ),
    (
        rule('key = "a", action = "backup", to = "{env}/games/b"'),
        3,
        "gives a rule that does 'backup' the field 'to'",
        "Take it out, or choose another action.",
    ),
    (
        rule('key = "a", action = "rename"'),
        3,
        "renames 'a' to neither a path nor a key",
        'Write path = "..." for a path in the user\'s profile, or to = "{env}/..." for a key of the new layout.',
    ),
    (
        rule('key = "a", action = "rename", path = "b", to = "{env}/games/b"'),
        3,
        "renames 'a' to both a path and a key",
        'Write path = "..." for a path in the user\'s profile, or to = "{env}/..." for a key of the new layout.',
    ),
    (
        rule('key = "a", action = "rename", to = "{env}/games/b", user = "anna"'),
        3,
        "gives a user beside a key",
        "A user belongs to a path; a key names its own.",
    ),
    (
        rule('key = "a", action = "rename", to = "prod/games/b"'),
        3,
        "renames 'a' to 'prod/games/b', which is in no environment",
        'Write {env}/ at its beginning: it becomes the plan\'s environment, as in to = "{env}/games/...".',
    ),
    (
        rule('key = "a", action = "rename", path = "b//c"'),
        3,
        (
            "renames 'a' to 'b//c', which the new layout refuses: The path 'b//c' cannot be used: its segment number 2"
            " is empty"
        ),
        f"Use segments that are neither empty nor '.' or '..', joined by single '/'. {SEGMENT}",
    ),
    (
        rule('key = "a", action = "rename", to = "{env}/nowhere"'),
        3,
        (
            "renames 'a' to '{env}/nowhere', which the new layout refuses: The key 'dev/nowhere' fits no template of"
            " the scheme"
        ),
        (
            "The table is in layout/scheme/table.py. Keys of an old layout are read by layout.legacy and moved by"
            " r2-layout migrate."
        ),
    ),
    (
        rule('key = "a", action = "rename", to = "{env}/temp/a"'),
        3,
        (
            "renames 'a' to '{env}/temp/a', which the new layout refuses: The row '{env}/temp/{path}' is a"
            " place where R2 deletes what is a day old"
        ),
        "Choose another key.",
    ),
    (
        rule('key = "a", action = "rename", to = "{env}/backups/a"'),
        3,
        (
            "renames 'a' to '{env}/backups/a', which the new layout refuses: The row '{env}/backups/{path}' is a"
            " place where R2 deletes what is 30 days old"
        ),
        'Choose another key. If that is meant, use action = "backup".',
    ),
    (
        rule('key = "a", action = "rename", to = "{env}/layout.json"'),
        3,
        (
            "renames 'a' to '{env}/layout.json', which the new layout refuses: The row '{env}/layout.json' is a"
            " place which a migration writes itself"
        ),
        "Choose another key.",
    ),
    (
        rule('glob = "a/*", action = "rename", path = "b"'),
        3,
        "renames all that 'a/*' matches to one key",
        "Write {1} where the text of the first wildcard belongs, {2} for the second, and so on.",
    ),
    (
        rule('glob = "a/*", action = "rename", path = "b/{2}"'),
        3,
        "names the wildcard {2}, which there is not",
        "The glob 'a/*' has 1 wildcards, counted from 1.",
    ),
    (
        (
            'objects = [\n{ key = "\u00e9", action = "ignore", reason = "r" },\n'
            '{ key = "e\u0301", action = "backup", reason = "r" },\n]'
        ),
        3,
        "has a second rule for the key '\u00e9'",
        "Line 2 has one already: take one of the two out.",
    ),
    (
        (
            'objects = [ { glob = "a*", action = "ignore", reason = "r" },'
            '\n{ glob = "a*", action = "backup", reason = "r" } ]'
        ),
        2,
        "has a second rule for the glob 'a*'",
        "Line 1 has one already: take one of the two out.",
    ),
    (
        'users = [\n{ id = "a", action = "skip", reason = "r" },\n{ id = "a", action = "skip", reason = "r" },\n]',
        3,
        "has a second rule for the user 'a'",
        "Line 2 has one already: take one of the two out.",
    ),
    (
        (
            'users = [\n{ id = "a", action = "map", to = "c", reason = "r" },\n'
            '{ id = "b", action = "map", to = "c", reason = "r" },\n]'
        ),
        3,
        "has a second rule for the new id 'c'",
        "Line 2 has one already: take one of the two out.",
    ),
    (
        'users = [ { id = "a", action = "skip", reason = "r" }, { id = "b", action = "skip", reason = "r" } ]',
        1,
        "has 2 rules",
        "Write each rule on a line of its own: a plan knows a rule by its line.",
    ),
    (
        user('action = "skip"'),
        3,
        "has a user rule without an id",
        'Write id = "...": the user as the old layout writes them.',
    ),
    (
        user('id = "a", action = "map"'),
        3,
        "maps the user 'a' to no other id",
        'Write to = "...": the id in the new layout.',
    ),
    (
        user('id = "a", action = "map", to = "a"'),
        3,
        "maps the user 'a' to no other id",
        'Write to = "...": the id in the new layout.',
    ),
    (
        user('id = "a", action = "map", to = "b/c"'),
        3,
        "maps the user 'a' to an id that is none: The user id 'b/c' contains '/'",
        f"Use another user id. {SEGMENT}",
    ),
    (
        user('id = "a", action = "skip", to = "b"'),
        3,
        "gives a rule that does 'skip' the field 'to'",
        "Take it out, or choose another action.",
    ),
]
