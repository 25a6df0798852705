"""What a REPL asks: is this text a whole statement, or will it go on? And how its statements are compiled: the value
of an expression is printed, as in Python's own."""

import ast
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from codeop import CommandCompiler

PASTED_ENDS_INDENTED = (' ', '\t')
# What a compiler may raise; the last two for a text that is nested too deeply.
COMPILER_ERRORS = (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError)


def completeness(source):
    """`complete` (run it), `incomplete` (read another line), `invalid` (run it for its SyntaxError)."""
    compiler = CommandCompiler()
    compiler.compiler.flags |= PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        return 'incomplete' if compiler(source, '<user>', 'single') is None else 'complete'
    except COMPILER_ERRORS:
        return _several(source)


def _several(source):
    """More than one statement, pasted: `single` refuses them, `exec` does not."""
    try:
        compile(source, '<user>', 'exec', PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    except COMPILER_ERRORS:
        return 'invalid'
    last = source.split('\n')[-1]
    return 'incomplete' if last.startswith(PASTED_ENDS_INDENTED) and last.strip() else 'complete'


def compile_statements(source, filename):
    """The code objects of a REPL entry: all but the last statement as a script, the last as at a prompt."""
    flags = PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(source, filename, 'exec', flags | ast.PyCF_ONLY_AST)
    *first, last = tree.body or [ast.Pass(lineno=1, col_offset=0)]
    units = [ast.Module(first, [])] if first else []
    units.append(ast.Interactive([last]))
    modes = ['exec'] * (len(units) - 1) + ['single']
    return [
        compile(unit, filename, mode, flags, dont_inherit=True) for unit, mode in zip(units, modes)
    ]
