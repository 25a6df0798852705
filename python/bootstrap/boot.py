"""Builds the package `_sandglass` from the texts of its modules: the guest side of the Python sandbox.

This text is run once, before the image of a sandbox is made. The host puts two names before it: `SOURCES`, the texts
by module name, and `ORDER`, the names in the order in which they are imported; it takes the function `call` out of
it. Afterwards `sys.modules` is as Python has it. Each module has builtins of its own, so that a program which deletes
`builtins.len` breaks itself and not the bootstrap.
"""

import builtins
import sys
import types


def build(sources, order):
    private_builtins = dict(vars(builtins))
    package = types.ModuleType('_sandglass')
    package.__path__ = []
    sys.modules['_sandglass'] = package
    for name in order:
        module = types.ModuleType('_sandglass.' + name)
        module.__package__ = '_sandglass'
        module.__builtins__ = private_builtins
        sys.modules[module.__name__] = module
        setattr(package, name, module)
        exec(compile(sources[name], '<sandglass>/' + name + '.py', 'exec'), module.__dict__)
    for name in order:
        del sys.modules['_sandglass.' + name]
    del sys.modules['_sandglass']
    return package.serve.call


call = build(SOURCES, ORDER)
