"""What a run of make does on symbolic values (GNU make manual 4.4).

Purpose: follow names through makefiles. Variables are macros that are expanded where they are used (or at once, for
`:=`), a target runs its prerequisites and then its recipe, each line in a shell of its own.

Where it is not known whether a conditional holds, both sides are read under their guards: a variable is then a list of
definitions, each with the guards under which it was made, and what it is at a use is found from the newest back. That
keeps the branches of a makefile apart like those of any program, without copies of its state.

Rejected: lowering makefiles to the small language (`eval`, computed names and target-specific values have no place in
it); running each side of a conditional with a state of its own (the number of states doubles with each conditional).

What it cannot do: decide what is up to date (every recipe runs); run jobs side by side; built-in implicit rules;
`.SECONDEXPANSION`; archive members.
"""
