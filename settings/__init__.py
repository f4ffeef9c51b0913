"""What an operator declares, typed and checked: `settings.load` reads it, `settings.model.Settings` is its root.

Nothing is imported here: the policy pack and the composer need a few names only, and the whole model takes a tenth of a second.
"""
