"""The benchmark: light networks and the zoo's, side by side in one run.

What is measured stands in ``models`` and ``settings``, how in ``backends``,
``training``, ``timing`` and ``memory``, what comes of it in ``report``, ``tables`` and
``pictures``; ``run`` puts them together and ``command`` is the command line.
"""
