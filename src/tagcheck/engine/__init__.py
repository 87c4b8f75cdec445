"""The evaluator: runs the small language on symbolic values.

Purpose: follow every name from where it is made to the stage that uses it, along all paths at once. There is one state,
not one for each path: where a condition cannot be decided both sides run, and what they leave different becomes
`Alternatives` whose guards remember the side. A path that ends in failure (an error returned, a panic) is no run that a
scenario is about; what happened on it is forgotten.

Rejected: enumerating paths (exponential); a fixpoint over a lattice without guards (the name built under one condition
would meet the name deployed under another); running with stub tools (executes what it reads).

What it cannot do: loops without a known bound run their body once; what is spawned runs when somebody waits for it, in
the order of spawning; pointers into the middle of a record are copies.

    state     cells, journal, frames: what a run remembers
    truth     conditions as guards
    basis     identities, alternatives, cells, texts
    symbols   names, fields, items
    evaluate  expressions
    recorder  effects to events; files, archives, the environment
    branches  several ways on one state
    calls     procedures, methods, library functions
    execute   statements
    commands  argv to effects
    manifests objects to events
    scripts   shell texts that programs run
    suites    the order of test frameworks
    machine   all of it together, and what library operations may ask
"""
